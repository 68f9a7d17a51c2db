"""Sentry's JSON becomes typed rows; what is new is kept, what changed its type is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.rows import flatten
from pipelines.sentry.rows.typed import Fields, to_arrow
from pipelines.sentry.schema import (
    ISSUE_ACTIVITIES,
    ISSUE_EVENTS,
    ISSUES,
    ORGANIZATIONS,
    PROJECTS,
    TEAMS,
    RawTable,
)

Row = dict[str, Any]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
CALLERS_OWN = ("hasSeen", "isBookmarked", "isSubscribed", "subscriptionDetails")


def example(name: str) -> Any:
    """A reply as Sentry's own API description shows it."""
    return json.loads((Path(__file__).parent / "examples" / f"{name}.json").read_text())


LISTED: Row = example("organization-issues")[0]
MAKERS: dict[str, tuple[RawTable, Callable[[Row], Row], Row]] = {
    "organizations": (ORGANIZATIONS, flatten.organization, example("organizations")[0]),
    "projects": (
        PROJECTS,
        lambda b: flatten.project(b, "acme"),
        example("organization-projects")[0],
    ),
    "teams": (TEAMS, lambda b: flatten.team(b, "acme"), example("organization-teams")[0]),
    "issues": (ISSUES, lambda b: flatten.issue(b, "acme"), LISTED),
    "issue_activities": (
        ISSUE_ACTIVITIES,
        lambda b: flatten.activity(b, "1", "acme"),
        example("issue")["activity"][0],
    ),
    "issue_events": (
        ISSUE_EVENTS,
        lambda b: flatten.event(b, "1", "2", "acme"),
        example("issue-events")[0],
    ),
}


def test_a_listed_issue_becomes_a_row() -> None:
    assert flatten.issue(LISTED, "acme") == {
        "issue_id": "1",
        "organization_slug": "acme",
        "project_id": "2",
        "short_id": "PUMP-STATION-1",
        "title": "This is an example Python exception",
        "culprit": "raven.scripts.runner in main",
        "level": "error",
        "status": "ignored",
        "substatus": "archived_until_condition_met",
        "issue_priority": "medium",
        "issue_category": "performance",
        "issue_type": "performance_n_plus_one_db_queries",
        "event_type": "default",
        "platform": "python",
        "logger": None,
        "is_unhandled": False,
        "assignee_type": "user",
        "assignee_id": "1",
        "assignee_name": "John Doe",
        "assignee_email": "john.doe@example.com",
        "event_count": 150,
        "user_count": 0,
        "first_seen_at": datetime(2018, 11, 6, 21, 19, 55),
        "last_seen_at": datetime(2018, 12, 6, 21, 19, 55),
        "comment_count": 0,
        "permalink": "https://sentry.io/the-interstellar-jurisdiction/pump-station/issues/1/",
        "status_details": None,
        "metadata": '{"title":"This is an example Python exception"}',
        "annotations": None,
        "owners": None,
        "other_fields": None,
        "removed_reason": None,
        "removed_at": None,
        "merged_into_issue_id": None,
    }


@pytest.mark.parametrize("table", MAKERS)
def test_the_official_examples_fit_their_tables(table: str) -> None:
    raw, make, body = MAKERS[table]
    row = make(body)
    assert set(row) <= set(raw.schema.names)
    assert to_arrow(raw, [row]).num_rows == 1


@pytest.mark.parametrize("name", ["project-issues", "organization-issues"])
def test_every_kind_of_listing_makes_the_same_columns(name: str) -> None:
    assert set(flatten.issue(example(name)[0], "acme")) == set(flatten.issue(LISTED, "acme"))
    assert set(flatten.issue(example("issue"), "acme")) == set(flatten.issue(LISTED, "acme"))


def test_totals_come_from_lifetime_and_not_from_the_window() -> None:
    body = LISTED | {
        "count": "3",
        "userCount": 1,
        "lifetime": LISTED["lifetime"] | {"userCount": 9},
    }
    row = flatten.issue(body, "acme")
    assert (row["event_count"], row["user_count"]) == (150, 9)


def test_users_that_a_server_does_not_count_are_unknown_and_not_none() -> None:
    assert flatten.issue(LISTED, "acme", counts_users=False)["user_count"] is None
    forgotten = LISTED | {"lifetime": LISTED["lifetime"] | {"lastSeen": None}}
    assert flatten.issue(forgotten, "acme")["user_count"] is None


@given(st.sampled_from(sorted(MAKERS)), st.data())
def test_any_value_in_any_field_is_stored_or_named(table: str, data: st.DataObject) -> None:
    raw, make, body = MAKERS[table]
    changed = copy.deepcopy(body)
    field = data.draw(st.sampled_from(sorted(body)))
    target, name = changed, field
    if isinstance(body[field], dict) and body[field] and data.draw(st.booleans()):
        target, name = changed[field], data.draw(st.sampled_from(sorted(body[field])))
    target[name] = data.draw(JSON)
    complaint = ""
    try:
        row = make(changed)
        flatten.issue_daily_events(changed)
        to_arrow(raw, [row])
    except ChangedTypeError as error:
        complaint = str(error)
    assert not complaint or (table in complaint and field in complaint) or "stats" in complaint


@given(st.text(), st.text(min_size=1))
def test_unknown_enum_values_are_kept(status: str, level: str) -> None:
    row = flatten.issue(LISTED | {"status": status, "level": level}, "acme")
    assert (row["status"], row["level"]) == (status or None, level)


@given(st.text(min_size=1).filter(lambda name: name not in LISTED), JSON.filter(lambda v: v == v))
def test_unknown_fields_are_kept(name: str, value: Any) -> None:
    known = flatten._READ | flatten._LEFT_OUT
    row = flatten.issue(LISTED | {name: value}, "acme")
    if name not in known and "NaN" not in json.dumps(value) and "Infinity" not in json.dumps(value):
        assert json.loads(row["other_fields"])[name] == value


def test_nothing_of_the_caller_is_stored() -> None:
    plain = flatten.issue(LISTED, "acme")
    mine = dict.fromkeys(CALLERS_OWN, True)
    assert flatten.issue(LISTED | mine, "acme") == plain
    assert not any(name.lower() in text.lower() for name in CALLERS_OWN for text in plain)


def test_a_listing_tells_two_weeks_of_days() -> None:
    points = [[1793577600 + day * 86400, day] for day in range(14)]
    days = flatten.issue_daily_events({"stats": {"14d": points}})
    assert days[0] == (date(2026, 11, 2), 0)
    assert days[-1] == (date(2026, 11, 15), 13)
    assert flatten.issue_daily_events(LISTED) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-02T09:00:00Z", datetime(2026, 11, 2, 9)),
        ("2026-11-02T09:00:00.123Z", datetime(2026, 11, 2, 9)),
        ("2026-11-02T09:00:00.123456+00:00", datetime(2026, 11, 2, 9)),
        ("2026-11-02T10:00:00+01:00", datetime(2026, 11, 2, 9)),
        ("2026-11-02T09:00:00", datetime(2026, 11, 2, 9)),
        (None, None),
        ("", None),
    ],
)
def test_times_are_whole_seconds_of_utc(text: str | None, moment: datetime | None) -> None:
    assert Fields("issues", {"lastSeen": text}).moment("lastSeen") == moment


@pytest.mark.parametrize(
    "value", [True, 1.5, "12a", "-3", [], {}, 2**70, float("nan"), float("inf")]
)
def test_what_is_no_whole_number_is_named(value: Any) -> None:
    with pytest.raises(ChangedTypeError, match=r"issues\.count: expected a whole number"):
        Fields("issues", {"count": value}).whole("count")


def test_teams_without_a_name_and_numbers_as_ids_are_glitchtips_way() -> None:
    row = flatten.team({"id": 7, "slug": "shop"}, "acme")
    assert (row["team_id"], row["team_name"]) == ("7", "shop")
    assert flatten.project_team_ids({"teams": [{"id": 7, "slug": "shop"}]}) == ["7"]
