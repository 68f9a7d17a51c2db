"""Names that were stored before PERSONAL_DATA said otherwise do not stay."""

from __future__ import annotations

import pytest

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.state.redact_stored import redacted_rows
from tests.sentry.syncing import SyncedWarehouse


@pytest.fixture
def member(world: SentryWorld) -> str:
    """The name of a person who is in issues, open and closed, in activities and in a feedback."""
    ada = world.organizations["acme"].members[0]
    issues = [issue for issue in world.issues.values() if issue.project.organization == "acme"]
    for issue in issues[:5]:
        world.assign(issue, ada, by=ada)
    world.resolve(issues[1], by=ada)
    world.create_issue(
        issues[0].project, "Help", metadata={"contact_email": ada.email, "value": "Help"}
    )
    return ada.name


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("redaction", [Redaction("drop"), Redaction("hash", "pepper")])
def test_switched_on_later_it_redacts_what_is_stored_once(
    warehouse: SyncedWarehouse, world: SentryWorld, member: str, redaction: Redaction, full: bool
) -> None:
    warehouse.sync(full=True, events_per_issue=1)
    before = warehouse.content()
    assert all(member in repr(before[table]) for table in ("issues", "issue_activities"))
    world.advance(hours=3)
    assigned = [issue for issue in world.issues.values() if issue.project.organization == "acme"]
    world.delete_issue(assigned[2])
    world.add_events(assigned[3])
    told = world.issues[assigned[3].id].times_seen

    warehouse.sync(full=full, redaction=redaction)

    after = warehouse.content()
    assert [table for table in after if member in repr(after[table])] == []
    assert {table: len(rows) for table, rows in after.items()}.items() >= {
        "issues": len(before["issues"]),
        "issue_events": len(before["issue_events"]),
    }.items()
    issues = warehouse.issues()
    assert issues[assigned[2].id]["removed_reason"] == "deleted"
    assert issues[assigned[3].id]["event_count"] == told
    assert bool(issues[assigned[0].id]["assignee_name"]) is (redaction.mode == "hash")
    assert redacted_rows(warehouse.path, redaction, warehouse.folder) == {}


def test_an_organization_that_fails_is_redacted_too(
    warehouse: SyncedWarehouse, world: SentryWorld, member: str
) -> None:
    warehouse.sync()
    warehouse.sentry.faults.add("500", "/organizations/acme/", times=1000)

    report = warehouse.sync(redaction=Redaction("drop"))

    assert set(report.failures) == {"acme"}
    assert member not in repr(warehouse.content())
