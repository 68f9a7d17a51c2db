"""What an honest warehouse may say of a world: everything right after a full sync, the rest as far as promised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pipelines.fake_sentry.expected_issues import ExpectedIssue, accepted_per_day, expected_issues
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.syncing import SyncedWarehouse

RETENTION = timedelta(days=90)
HIDDEN = {"feedback", "configuration"}


def naive(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None, microsecond=0) if moment else None


def flavour_of(warehouse: SyncedWarehouse) -> str:
    assert isinstance(warehouse.sentry, FakeSentry)
    return warehouse.sentry.flavour.name


def facts(issue: ExpectedIssue, flavour: str) -> dict[str, Any]:
    """What any server tells of a living issue, and what only some do."""
    told: dict[str, Any] = {
        "removed_reason": None,
        "project_id": issue.project_id,
        "organization_slug": issue.organization,
        "status": issue.status,
        "title": issue.title,
        "level": issue.level,
        "event_count": issue.event_count,
        "first_seen_at": naive(issue.first_seen_at),
    }
    if flavour != "glitchtip":
        assignee = issue.assignee
        told |= {"short_id": issue.short_id, "assignee_id": assignee.id if assignee else None}
    if flavour in {"saas", "self-hosted"}:
        told |= {"substatus": issue.substatus, "issue_priority": issue.priority}
    return told


def assert_true(warehouse: SyncedWarehouse, world: SentryWorld, hidden: Iterable[str] = ()) -> None:
    """After a full sync every row is what Sentry would say; issues of `hidden` projects are not ours to read."""
    flavour = flavour_of(warehouse)
    rows = warehouse.issues()
    told = expected_issues(world)
    assert rows.keys() <= told.keys()
    for issue_id, issue in told.items():
        row = rows.get(issue_id)
        if row is None:
            assert not must_be_found(issue, world, hidden), issue
        elif issue.project_id in hidden:
            continue  # as it was when it could last be read
        elif issue.removed:
            assert row["removed_reason"] is not None, (issue, row)
            if row["removed_reason"] == "merged" and issue.merged_into:
                assert row["merged_into_issue_id"] == issue.merged_into, (issue, row)
        elif issue.status == "pending_deletion":
            assert row["removed_reason"] == "deleted", (issue, row)
        elif flavour == "glitchtip" and is_forgotten(issue, world):
            assert row["removed_reason"] in (None, "deleted"), (issue, row)
        else:
            expected = facts(issue, flavour)
            assert {name: row[name] for name in expected} == expected, issue_id
    if flavour in {"saas", "self-hosted"}:
        assert_days_true(warehouse, world, hidden)


def assert_days_true(
    warehouse: SyncedWarehouse, world: SentryWorld, hidden: Iterable[str] = ()
) -> None:
    """The events of every UTC day of the readable projects, as far back as Sentry tells, are those accepted."""
    oldest = (world.clock - RETENTION).date()
    readable = world.projects.keys() - set(hidden)
    told = {
        (project_id, day): count
        for (project_id, day), count in accepted_per_day(world).items()
        if project_id in readable and day >= oldest and count
    }
    stored = {
        (project_id, day): count
        for project_id, day, count in warehouse.rows(
            "select project_id, date_on, event_count from raw.project_daily_events where event_count > 0"
        )
        if project_id in readable and day >= oldest
    }
    assert stored == told


def is_forgotten(issue: ExpectedIssue, world: SentryWorld) -> bool:
    """Its events are older than what a server keeps, so no search shows it."""
    return issue.last_seen_at is None or issue.last_seen_at < world.clock - RETENTION


def must_be_found(issue: ExpectedIssue, world: SentryWorld, hidden: Iterable[str]) -> bool:
    """A first sync would show it."""
    is_secret = issue.removed or issue.project_id in hidden or issue.category in HIDDEN
    return not (is_secret or issue.status == "pending_deletion" or is_forgotten(issue, world))


def assert_promise(
    warehouse: SyncedWarehouse, world: SentryWorld, touched: set[str], hidden: set[str]
) -> None:
    """After an ordinary sync: right for what had an event since the last, and for what was or is open."""
    flavour = flavour_of(warehouse)
    rows = warehouse.issues()
    for issue_id, issue in expected_issues(world).items():
        row = rows.get(issue_id)
        if issue.project_id in hidden or issue.category in HIDDEN:
            continue
        if issue.removed:
            # An open one that went is known to be gone; a closed one may wait for the full sync.
            assert row is None or row["removed_reason"] or row["status"] != "unresolved", (
                issue,
                row,
            )
        elif issue_id in touched:
            assert row is not None, issue
            expected = facts(issue, flavour)
            assert {name: row[name] for name in expected} == expected, issue_id
        elif row is not None and row["status"] == "unresolved" and not row["removed_reason"]:
            assert issue.status == "unresolved", (issue, row)
