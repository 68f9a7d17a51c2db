"""What is stored of people is what was chosen: all, a hash, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.sentry.errors import ChangedTypeError, ConfigurationError
from pipelines.sentry.options import Options
from pipelines.sentry.rows import flatten
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.rows.typed import Fields, to_arrow
from pipelines.sentry.schema import ISSUES

PERSON = {"type": "user", "id": "1", "name": "Ada Lovelace", "email": "lovelace@people.example"}
TEAM = {"type": "team", "id": "2", "name": "shop"}
ISSUE: dict[str, Any] = {
    "id": "1",
    "project": {"id": "2"},
    "assignedTo": PERSON,
    "statusDetails": {"inRelease": "1.0", "actor": PERSON},
    "somethingNew": PERSON,
    "metadata": {
        "type": "ValueError",
        "value": "no such cart",
        "contact_email": PERSON["email"],
        "name": PERSON["name"],
    },
}
ACTIVITY: dict[str, Any] = {
    "id": "1",
    "type": "assigned",
    "user": PERSON,
    "data": {"assignee": "1", "assigneeEmail": PERSON["email"], "assigneeType": "user"},
}
EVENT: dict[str, Any] = {
    "eventID": "e",
    "tags": [
        {"key": "user", "value": "id:1"},
        {"key": "user.email", "value": PERSON["email"]},
        {"key": "os", "value": "x"},
    ],
    "entries": [
        {"type": "exception", "data": {"values": []}},
        {"type": "request", "data": {"cookies": [["who", PERSON["email"]]]}},
        {"type": "breadcrumbs", "data": {"values": [{"message": PERSON["name"]}]}},
    ],
}


def redacted(redaction: Redaction) -> str:
    """All that is stored, as one text."""
    rows = [
        redaction.issue(flatten.issue(ISSUE, "acme")),
        redaction.activity(flatten.activity(ACTIVITY, "1", "acme")),
        redaction.event(flatten.event(EVENT, "1", "2", "acme")),
    ]
    return json.dumps(rows, default=str)


@pytest.mark.parametrize("redaction", [Redaction("drop"), Redaction("hash", "pepper")])
def test_nobody_can_be_named(redaction: Redaction) -> None:
    text = redacted(redaction)
    assert "lovelace" not in text.lower()
    assert "people.example" not in text
    assert '\\"os\\"' in text
    assert '\\"exception\\"' in text
    assert '\\"inRelease\\"' in text
    assert "no such cart" in text


def test_people_are_kept_unless_one_says_otherwise() -> None:
    assert "lovelace@people.example" in redacted(Redaction())


def test_equal_people_have_equal_hashes_and_another_key_makes_others() -> None:
    row = flatten.issue(ISSUE, "acme")
    one, again = Redaction("hash", "k").issue(row), Redaction("hash", "k").issue(row)
    shouted = Redaction("hash", "k").issue(row | {"assignee_email": "LOVELACE@people.example"})
    other = Redaction("hash", "another").issue(row)

    assert one == again
    assert shouted["assignee_email"] == one["assignee_email"] != other["assignee_email"]
    assert len(one["assignee_name"]) == 16


@pytest.mark.parametrize("redaction", [Redaction("drop"), Redaction("hash", "pepper")])
def test_what_was_redacted_once_stays_as_it_is(redaction: Redaction) -> None:
    issue = redaction.issue(flatten.issue(ISSUE, "acme"))
    assert redaction.issue(issue) == issue
    activity = redaction.activity(flatten.activity(ACTIVITY, "1", "acme"))
    assert redaction.activity(activity) == activity
    event = redaction.event(flatten.event(EVENT, "1", "2", "acme"))
    assert redaction.event(event) == event


def test_a_team_is_not_a_person() -> None:
    row = flatten.issue(ISSUE | {"assignedTo": TEAM}, "acme")
    assert Redaction("drop").issue(row)["assignee_name"] == "shop"


@pytest.mark.parametrize("odd", ["[1, 2]", '"text"', None])
def test_free_form_parts_of_another_shape_are_dropped_quietly(odd: str | None) -> None:
    redaction = Redaction("drop")
    row = flatten.issue(ISSUE, "acme") | {"status_details": odd}
    assert redaction.issue(row)["status_details"] is None
    event = flatten.event(EVENT, "1", "2", "acme") | {"tags": odd, "entries": odd}
    assert redaction.event(event)["tags"] is None


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (Fields.text, [PERSON]),
        (Fields.key, PERSON),
        (Fields.whole, PERSON["name"]),
        (Fields.flag, PERSON["name"]),
        (Fields.moment, PERSON["name"]),
        (Fields.part, PERSON["name"]),
        (Fields.parts, PERSON),
        (Fields.parts, [PERSON["name"]]),
    ],
)
def test_an_error_about_a_type_names_the_field_and_no_person(
    read: Callable[[Fields, str], Any], value: Any
) -> None:
    with pytest.raises(ChangedTypeError, match=r"issues\.assignedTo: expected") as error:
        read(Fields("issues", {"assignedTo": value}), "assignedTo")
    assert "lovelace" not in str(error.value).lower()


def test_a_row_that_does_not_fit_names_the_column_and_no_person() -> None:
    row = flatten.issue(ISSUE, "acme") | {"event_count": PERSON["name"]}
    with pytest.raises(ChangedTypeError, match="issues: event_count does not fit") as error:
        to_arrow(ISSUES, [row])
    assert "Lovelace" not in str(error.value)


def test_hashing_needs_a_key_of_ones_own() -> None:
    with pytest.raises(ConfigurationError, match="PERSONAL_DATA_KEY"):
        Redaction("hash")


def test_the_key_is_in_no_description_of_the_options() -> None:
    assert "pepper" not in repr(Options(redaction=Redaction("hash", "pepper")))
