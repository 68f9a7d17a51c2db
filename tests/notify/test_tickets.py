"""What becomes of tickets, by the real client against a stand-in for Jira, Cloud and Data Center."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from pipelines.notify import store
from pipelines.notify.evaluation import begin_anew
from pipelines.notify.tickets import changes, text
from pipelines.notify.tickets.refresh import known, refresh
from pipelines.notify.tickets.ticket import all_newest
from tests.notify.messages import AS_OF
from tests.notify.town import SHOP, Town

HOSTILE = "Evil {code} [~admin] h1. *x* |a|b| \\\\ !http://evil/x.png! {color:red}\n----\nbq. https://evil"


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


def test_no_line_of_a_description_begins_with_what_came_from_outside() -> None:
    item = {"title": "bq. x", "detail": "h1. y", "url": None, "at": "2026-11-23T09:00:00"}
    group = {"product_name": "* z", "product_id": None}
    lines = text.description(item, group, "new_high", "", None).splitlines()
    assert not [line for line in lines if line.startswith(("bq.", "h1.", "* "))]
