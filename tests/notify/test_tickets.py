"""Tickets by the real client against a stand-in for Jira, Cloud and Data Center."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.notify import delivery, outbox, store
from pipelines.notify.channels.jira import Jira
from pipelines.notify.evaluation import begin_anew, evaluate
from pipelines.notify.reasons import Reason
from pipelines.notify.tickets import changes, text
from pipelines.notify.tickets.refresh import known, refresh
from pipelines.notify.tickets.ticket import all_newest
from pipelines.settings import Settings
from tests.notify.fake_jira import TOKEN, USER, FakeJira
from tests.notify.messages import AS_OF, reason, recipient, snapshot

SHOP = recipient(channel="jira", address="SHOP")
HOSTILE = "Evil {code} [~admin] h1. *x* |a|b| \\\\ !http://evil/x.png! {color:red}\n----\nbq. https://evil"


class Clock:
    def __init__(self) -> None:
        self.now = AS_OF

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


class Town:
    """A deployment with a Jira: what is published is evaluated, and what is due is sent."""

    def __init__(self, folder: Path, jira: FakeJira, clock: Clock) -> None:
        self.jira, self.clock = jira, clock
        self.settings = Settings(
            data_dir=folder,
            seeds_dir=folder,
            pages_url="https://products.example.com",
            jira_url=jira.url,
            jira_user=USER if jira.is_cloud else "",
            jira_token=SecretStr(TOKEN),
        )
        self.channel = Jira(clock)
        with store.opened(self.settings.notify_state) as db:
            evaluate(db, snapshot(), [SHOP], AS_OF)

    def publish(self, *reasons: Reason, **issue: Any) -> None:
        """Evaluate a publication of three hours later; `issue`: what becomes of the issue with a ticket."""
        self.clock.forward(hours=3)
        hours = (self.clock.now - AS_OF) / timedelta(hours=1)
        facts = {
            "issue_id": "1",
            "title": "ValueError: 1",
            "url": "https://sentry.example/issues/1/",
        }
        facts |= {"status": "unresolved", "opened_at": AS_OF, "resolved_at": None}
        product = {"product_id": "checkout", "product_name": "Checkout", "product_priority": "high"}
        shown = changes.Issue(**(facts | product | issue))
        with store.opened(self.settings.notify_state) as db:
            found = [(ticket, shown) for ticket in all_newest(db)] if issue else []
            changes.note(db, found, {"SHOP": SHOP}, self.clock.now, self.clock.now)
            evaluate(db, snapshot(*reasons, hours=hours), [SHOP], self.clock.now)

    def deliver(self) -> list[str]:
        """Send what is due; returns the errors of what still waits."""
        delivery.deliver(self.settings, {"jira": self.channel}, self.clock)
        with store.opened(self.settings.notify_state) as db:
            rows = db.execute(
                "select error from messages where state = 'pending' order by message_id"
            )
            return [row["error"] for row in rows]

    def new(self, subject: str = "1", **facts: Any) -> Reason:
        at = self.clock.now + timedelta(hours=1)
        return reason(subject, **({"opened_at": at, "at": at} | facts))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["cloud", "data center"])
def town(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with FakeJira(request.param == "cloud", clock) as jira:
        yield Town(tmp_path, jira, clock)


def test_a_ticket_says_what_the_issue_is_and_is_there_once(town: Town) -> None:
    new = town.new(title=HOSTILE)
    town.publish(new)
    assert town.deliver() == []
    town.publish(new, replace(new, rule="sla_breached", at=town.clock.now))
    assert town.deliver() == []
    [ticket] = town.jira.tickets.values()
    fields = ticket.fields
    assert (fields["project"], fields["issuetype"]) == ({"key": "SHOP"}, {"name": "Bug"})
    assert fields["summary"].startswith("Checkout: Evil {code} [~admin]")
    assert fields["labels"][0].startswith("sbp-")
    described = fields["description"]
    assert "[Checkout|https://products.example.com/products/checkout]" in described
    assert "https://sentry.example/issues/1/" in described
    issue = described.partition("\n")[0].removeprefix("*Issue:* ")
    assert re.findall(r"(?<!\\)[{}\[\]*|!~-]|://|\\\\", issue) == []
    assert "Evil" in issue
    [late] = ticket.comments
    assert late.startswith("Late since 2026-11-23 12:00:00 UTC.")


def test_a_resolve_is_said_and_a_return_reopens(town: Town) -> None:
    new = town.new()
    town.publish(new)
    town.deliver()
    [ticket] = town.jira.tickets.values()
    resolved_at = town.clock.now + timedelta(hours=1)
    for _ in range(2):
        town.publish(status="resolved", resolved_at=resolved_at)
        town.deliver()
    assert [each.partition("\n")[0] for each in ticket.comments] == [
        f"Resolved in Sentry on {resolved_at} UTC."
    ]
    town.jira.move(ticket, "Done")
    opened_at = town.clock.now + timedelta(hours=1)
    for _ in range(2):
        town.publish(opened_at=opened_at)
        town.deliver()
    assert (len(town.jira.tickets), ticket.status) == (1, "To Do")
    assert ticket.comments[1].startswith(f"Came back on {opened_at} UTC.")
    town.publish(status="resolved", resolved_at=opened_at + timedelta(hours=5))
    town.deliver()
    assert len(ticket.comments) == 3


def test_better_knowledge_of_when_a_stretch_began_is_no_return(town: Town) -> None:
    new = town.new()
    town.publish(new)
    town.deliver()
    better = new.opened_at + timedelta(minutes=30)
    town.publish(opened_at=better)
    town.publish(replace(new, rule="sla_breached", opened_at=better, at=town.clock.now))
    town.deliver()
    [ticket] = town.jira.tickets.values()
    assert [each[:4] for each in ticket.comments] == ["Late"]


def test_where_a_workflow_has_no_way_back_a_return_is_another_ticket(town: Town) -> None:
    town.jira.can_reopen = False
    town.publish(town.new())
    town.deliver()
    [first] = town.jira.tickets.values()
    town.jira.move(first, "Done")
    opened_at = town.clock.now + timedelta(hours=1)
    town.jira.faults = [None, "drop after"]  # the ticket, then its link
    town.publish(opened_at=opened_at)
    assert town.deliver() != []
    town.clock.forward(minutes=3)
    assert town.deliver() == []
    _, second = town.jira.tickets.values()
    assert second.links == [first.key]
    assert f"Came back on {opened_at} UTC." in second.fields["description"]
    assert (first.comments, second.comments) == ([], [])


@pytest.mark.parametrize("fault", ["drop after", "error after"])
def test_a_ticket_that_jira_may_have_is_looked_up_not_created_again(town: Town, fault: str) -> None:
    town.jira.faults = [fault]
    town.publish(town.new())
    [error] = town.deliver()
    assert "did not answer" in error or "out of order" in error
    for _ in range(4):
        town.clock.forward(minutes=3)
        town.deliver()
    assert town.deliver() == []
    assert len(town.jira.tickets) == 1


@pytest.mark.parametrize("fault", ["drop before", "error before", "away"])
def test_a_ticket_that_jira_has_not_is_created_after_all(town: Town, fault: str) -> None:
    town.jira.faults = [fault]
    town.publish(town.new())
    assert len(town.deliver()) == 1
    town.clock.forward(minutes=3)
    [error] = town.deliver()
    assert "looked up by its label sbp-" in error
    for _ in range(3):
        town.clock.forward(minutes=6)
        town.deliver()
    assert (town.deliver(), len(town.jira.tickets)) == ([], 1)


def test_a_jira_that_asks_to_wait_is_left_alone(town: Town) -> None:
    town.jira.faults = ["busy"]
    town.publish(town.new("1"), town.new("2"))
    errors = town.deliver()
    assert errors[0] == "Jira at 127.0.0.1 asks to wait (HTTP 429)."
    asked = len(town.jira.requests)
    town.clock.forward(minutes=4)
    town.deliver()
    assert len(town.jira.requests) == asked
    town.clock.forward(minutes=2)
    assert (town.deliver(), len(town.jira.tickets)) == ([], 2)


def test_many_tickets_that_wait_keep_no_mail_out(town: Town) -> None:
    town.publish(*(town.new(str(number)) for number in range(1005)))
    with store.opened(town.settings.notify_state) as db:
        digest = {"kind": "digest", "subject": "-"}
        outbox.insert(db, recipient(), "digest", "k", digest, AS_OF, town.clock.now)
        due = outbox.due(db, town.clock.now)
    assert (due[0].channel, len(due)) == ("mail", 1001)


REFUSALS = {
    401: "Jira at 127.0.0.1 refuses JIRA_",
    403: "Jira at 127.0.0.1 does not let the user of JIRA_TOKEN",
    404: "JIRA_URL leads elsewhere",
    500: "Jira at 127.0.0.1 is out of order (HTTP 500).",
}


@pytest.mark.parametrize("status", REFUSALS)
def test_each_refusal_is_one_sentence_without_a_secret(town: Town, status: int) -> None:
    echo = {"errorMessages": [f"no {TOKEN}"], "errors": {}}
    town.jira.always = (status, {}, echo if status < 500 else b"<html>a page</html>")
    town.publish(town.new())
    [error] = town.deliver()
    assert REFUSALS[status] in error
    assert TOKEN not in error
    assert "\n" not in error
    for _ in range(12):  # a ticket waits, however long Jira is away
        town.clock.forward(hours=7)
        assert len(town.deliver()) == 1
    town.jira.always = None
    town.clock.forward(hours=7)
    assert (town.deliver(), len(town.jira.tickets)) == ([], 1)


@pytest.mark.parametrize(
    ("prepare", "address", "words"),
    [
        ({}, "NOPE", "project: valid project is required"),
        ({}, "SHOP/Story", "recipients.csv may name a type: SHOP/TYPE. It has Bug, Task."),
        ({"required": {"customfield_1": "Team is required."}}, "SHOP", "customfield_1: Team is"),
    ],
)
def test_a_project_that_wants_something_else_says_what(
    town: Town, prepare: dict[str, Any], address: str, words: str
) -> None:
    vars(town.jira).update(prepare)
    new = [town.new("1"), town.new("2")]
    town.clock.forward(hours=3)
    with store.opened(town.settings.notify_state) as db:
        evaluate(db, snapshot(*new, hours=3), [recipient(channel="jira", address=address)], AS_OF)
    errors = town.deliver()
    assert words in errors[0]
    assert errors[1] is None  # one is enough to know
    assert town.jira.tickets == {}
    recipients = "team,channel,address\n,jira,SHOP/Task\n,jira,PAY/Bug\n"
    (town.settings.seeds / "recipients.csv").write_text(recipients)
    town.jira.required = {}
    town.clock.forward(hours=1)
    town.deliver()
    types = [ticket.fields["issuetype"]["name"] for ticket in town.jira.tickets.values()]
    assert types == (["Task", "Task"] if address != "NOPE" else [])


def test_a_jira_that_is_none_or_nowhere_is_said(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    town.publish(town.new())
    town.jira.always = (200, {}, b"<html>log in</html>")
    assert "What answers at JIRA_URL is no Jira" in town.deliver()[0]
    for wrong, words in {
        "http://127.0.0.1:1": "cannot be reached",
        "http://jira.example.com": "http://",
        "https://me:secret@jira.example.com": "settings of their own",
        "": "JIRA_URL is not set",
    }.items():
        town.clock.forward(days=1)
        town.settings.jira_url = wrong
        [error] = town.deliver()
        assert words in error
    assert "secret" not in caplog.text


def test_a_restored_record_finds_the_ticket_that_it_does_not_know(town: Town) -> None:
    town.publish(town.new())
    state = town.settings.notify_state
    before = state.read_bytes()
    town.deliver()
    town.clock.forward(minutes=5)
    state.write_bytes(before)
    begin_anew(state, 0o027, town.clock.now)
    assert town.deliver() == []
    assert len(town.jira.tickets) == 1
    [row] = known(town.settings)
    assert row["ticket_key"] == "SHOP-1"


def test_states_are_read_back_also_of_tickets_that_were_moved_or_deleted(town: Town) -> None:
    town.publish(*(town.new(str(number)) for number in range(4)))
    assert town.deliver() == []
    first, second, third, _ = town.jira.tickets.values()
    town.jira.move(first, "Done")
    second.fields["labels"] = []
    town.jira.move(second, "In Progress")
    third.key = "PAY-9"
    town.jira.moved["SHOP-3"] = "PAY-9"
    town.jira.tickets = {each.key: each for each in (first, second, third)}
    server = town.channel.server(town.settings)
    assert refresh(town.settings, server, town.clock.now) == 4
    states = {row["ticket_key"]: row["ticket_status_category"] for row in known(town.settings)}
    assert states == {
        "SHOP-1": "done",
        "SHOP-2": "in_progress",
        "PAY-9": "to_do",
        "SHOP-4": "deleted",
    }


def test_many_tickets_are_read_in_few_requests(town: Town) -> None:
    town.jira.lag = timedelta(0)
    town.publish(*(town.new(str(number)) for number in range(60)))
    assert town.deliver() == []
    asked = len(town.jira.requests)
    assert refresh(town.settings, town.channel.server(town.settings), town.clock.now) == 60
    assert len(town.jira.requests) - asked == 2


def test_what_was_put_back_or_has_no_recipient_changes_no_ticket(town: Town) -> None:
    town.publish(town.new())
    town.deliver()
    town.publish()
    gone = changes.Issue("1", "resolved", AS_OF, AS_OF, "t", None, None, None, None)
    with store.opened(town.settings.notify_state) as db:
        found = [(ticket, gone) for ticket in all_newest(db)]
        assert changes.note(db, found, {"SHOP": SHOP}, AS_OF, town.clock.now) == 0
        assert changes.note(db, found, {"PAY": SHOP}, town.clock.now, town.clock.now) == 0
        assert changes.note(db, found, {"SHOP": SHOP}, town.clock.now, town.clock.now) == 1


def test_no_line_of_a_description_begins_with_what_came_from_outside() -> None:
    item = {"title": "bq. x", "detail": "h1. y", "url": None, "at": "2026-11-23T09:00:00"}
    group = {"product_name": "* z", "product_id": None}
    lines = text.description(item, group, "new_high", "", None).splitlines()
    assert not [line for line in lines if line.startswith(("bq.", "h1.", "* "))]


def test_the_library_logs_nothing(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "jira")
    town.jira.always = (401, {}, {"errorMessages": ["no"], "errors": {}})
    town.publish(town.new())
    town.deliver()
    assert TOKEN not in caplog.text
