"""What one sync could not know, or was told wrongly, a later one puts right."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.read import follow_up
from tests.sentry.agreement import assert_days_true, assert_true
from tests.sentry.syncing import SyncedWarehouse

STATS = r"/stats_v2/|/projects/[^?]*/stats/"


def make_received_differ(world: SentryWorld) -> None:
    """Let inbound filters drop events, which only the older stats count."""
    for project in world.projects.values():
        world.drop_events(project, 100, at=world.clock - timedelta(days=3))


def test_counts_of_a_worse_source_give_way_to_the_better(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld
) -> None:
    make_received_differ(world)
    fake_sentry.faults.add("html_200", "/acme/stats_v2/", times=math.inf)
    assert not warehouse.quick_sync(full=True).failures
    assert set(warehouse.rows("select distinct event_source from raw.project_daily_events")) == {
        ("project_stats",),
        ("stats_v2",),
    }

    fake_sentry.faults.clear()
    world.advance(hours=3)
    assert not warehouse.quick_sync(full=False).failures
    assert_days_true(warehouse, world)


def test_counts_of_the_better_source_are_never_replaced_by_a_worse(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld
) -> None:
    make_received_differ(world)
    warehouse.quick_sync(full=True)
    before = warehouse.rows("from raw.project_daily_events order by all")
    fake_sentry.faults.add("html_200", "/acme/stats_v2/", times=math.inf)
    world.advance(hours=3)

    report = warehouse.quick_sync(full=False)

    assert "cannot be counted as they were before" in report.failures["acme"]
    assert "stats_v2" in report.failures["acme"]
    kept = set(warehouse.rows("from raw.project_daily_events"))
    assert {row for row in before if row[2] == "acme"} <= kept
    fake_sentry.faults.clear()
    assert not warehouse.quick_sync(full=False).failures
    assert_days_true(warehouse, world)


def test_a_project_deleted_in_mid_sync_leaves_the_counts_of_the_others_alone(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_received_differ(world)
    warehouse.quick_sync(full=True)
    world.advance(hours=3)
    victim = next(p for p in world.projects.values() if p.slug == "acme-web")
    count_days = follow_up.project_days

    def delete_first(*given: Any) -> Any:
        with fake_sentry.lock:
            if victim.id in world.projects:
                world.delete_project(victim)
        return count_days(*given)

    with monkeypatch.context() as patch:
        patch.setattr(follow_up, "project_days", delete_first)
        assert not warehouse.quick_sync(full=False).failures
    world.advance(hours=3)
    assert not warehouse.quick_sync(full=True).failures
    assert_true(warehouse, world)


def test_days_on_which_a_project_was_out_of_reach_arrive_when_it_is_back(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    project = next(iter(world.projects.values()))
    issue = next(iter(project.issues.values()))
    warehouse.quick_sync(full=True)
    world.set_access(project, False)
    for _ in range(20):
        world.advance(days=1)
        world.add_events(issue, 5)
    warehouse.quick_sync(full=True)
    world.set_access(project, True)
    world.advance(hours=1)

    warehouse.quick_sync(full=False)

    assert_days_true(warehouse, world)


def test_where_issues_are_added_up_a_merge_counts_no_day_twice(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld
) -> None:
    fake_sentry.faults.add("html_200", STATS, times=math.inf)
    project = next(iter(world.projects.values()))
    one, other = [i for i in project.issues.values() if i.status == "unresolved"][:2]
    total = (
        f"select sum(event_count) from raw.project_daily_events where project_id = '{project.id}'"
    )
    warehouse.quick_sync(full=True)
    before = warehouse.value(total)
    world.advance(hours=3)
    world.merge([one], other)
    world.add_events(other, 1)

    warehouse.quick_sync(full=True)

    assert warehouse.value(total) == before + 1


def test_a_resolve_that_sentry_computes_before_it_is_written_gets_its_activity_later(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    project = next(iter(world.projects.values()))
    issue = next(i for i in project.issues.values() if i.status == "unresolved")
    warehouse.quick_sync(full=True)
    world.set_resolve_age(project, timedelta(days=20))
    world.advance(days=21)  # the age is over; the job has not run
    warehouse.quick_sync(full=False)
    assert warehouse.issues()[issue.id]["status"] == "resolved"
    world.advance(hours=3)
    world.run_jobs()

    for _ in range(2):
        warehouse.quick_sync(full=False)

    written = f"select count(*) from raw.issue_activities where issue_id = '{issue.id}' and activity_type = "
    assert warehouse.value(f"{written}'set_resolved_by_age'") == 1


def test_after_a_clock_that_was_ahead_no_event_is_missed(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    warehouse.quick_sync(full=True)
    now = world.clock
    issue = next(i for i in world.issues.values() if i.status == "resolved")
    world.archive(issue, forever=True)
    world.clock = now + timedelta(days=30)
    warehouse.quick_sync(full=False)
    world.clock = now + timedelta(hours=1)
    world.add_events(issue, 7)

    world.clock = now + timedelta(hours=4)
    warehouse.quick_sync(full=False)

    assert warehouse.issues()[issue.id]["event_count"] == issue.times_seen
