"""A Jira that fails, refuses or is none: no ticket is there twice, none is left out, and why is one sentence."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pipelines.notify import store
from pipelines.notify.evaluation import evaluate
from tests.notify.fake_jira import TOKEN
from tests.notify.messages import AS_OF, recipient, snapshot
from tests.notify.town import Town


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


def test_the_library_logs_nothing(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "jira")
    town.jira.always = (401, {}, {"errorMessages": ["no"], "errors": {}})
    town.publish(town.new())
    town.deliver()
    assert TOKEN not in caplog.text
