"""Which issues happen in production, and how many events do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.syncing import SyncedWarehouse, asked


def test_open_issues_are_in_production_or_not_and_closed_ones_stay_as_they_were(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    staging = world.create_issue(api, "ValueError: noise", environment="staging")
    both = world.create_issue(api, "ValueError: both", environment="staging")
    world.add_events(both, 1)
    closed = world.create_issue(api, "ValueError: closed", at=world.clock - timedelta(days=2))
    world.resolve(closed)
    warehouse.options = {"environments": ("production",)}
    warehouse.quick_sync()
    told = warehouse.in_production()
    assert (told[staging.id], told[both.id], told[closed.id]) == (False, True, None)

    world.advance(hours=3)
    world.add_events(staging, 1)
    world.resolve(both)
    world.resolve(staging, at=world.clock + timedelta(seconds=1))
    asked(fake_sentry)
    warehouse.quick_sync(full=False)
    told = warehouse.in_production()
    assert (told[staging.id], told[both.id], told[closed.id]) == (True, True, None)
    assert warehouse.issues()[staging.id]["event_count"] == 2
    listings = [r for r in fake_sentry.requests if "environment=production" in r.query]
    assert sum(r.path.endswith("/issues/") for r in listings) == 2  # open, hot


def test_events_in_production_are_counted_by_day_and_other_environments_leave_no_trace(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    issue = world.create_issue(api, "ValueError: both", count=5, environment="staging")
    world.add_events(issue, 3, at=world.clock - timedelta(days=20))
    rows = (
        "select date_on, event_count from raw.project_daily_production_events "
        f"where project_id = '{api.id}' and event_count is distinct from 0 order by 1 desc limit 3"
    )
    warehouse.options = {"environments": ("production",)}
    warehouse.quick_sync()
    before = warehouse.rows(rows)
    assert dict(before)[world.clock.date()] == 2
    warehouse.quick_sync(environments=("staging", "elsewhere"))
    assert warehouse.rows(rows) == [(world.clock.date(), 5)]
    assert warehouse.in_production()[issue.id] is True
    assert list(warehouse.in_production().values()).count(True) == 1

    warehouse.quick_sync(full=False, environments=())
    assert set(warehouse.in_production().values()) == {None}
    assert {count for _, count in warehouse.rows(rows)} == {None}
    warehouse.quick_sync(full=False)
    assert warehouse.rows(rows) == before


def test_an_environment_that_nobody_has_is_a_warning_that_names_those_there_are(
    warehouse: SyncedWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert not warehouse.quick_sync(environments=("prod",)).failures
    assert "names prod; its environments are: production." in caplog.text
    assert set(warehouse.in_production().values()) == {None}
    assert not warehouse.quick_sync(full=False, environments=("production",)).failures
    assert True in warehouse.in_production().values()
