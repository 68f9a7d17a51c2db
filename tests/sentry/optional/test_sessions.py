"""Sessions per day."""

from __future__ import annotations

from datetime import timedelta

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.syncing import SyncedWarehouse, asked


def test_sessions_are_counted_by_day_and_late_ones_arrive(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    world.record_sessions(api, 90, at=world.clock - timedelta(days=30))
    world.record_sessions(api, 8)
    world.record_sessions(api, 2, "crashed")
    rows = (
        "select date_on, sessions, crashed_sessions from raw.project_daily_sessions "
        f"where project_id = '{api.id}' order by 1"
    )
    today = world.clock.date()
    warehouse.quick_sync()
    first = (today - timedelta(days=30), 90, 0)
    assert warehouse.rows(rows) == [first, (today, 10, 2)]

    world.advance(hours=20)
    world.record_sessions(api, 5, "errored", at=world.clock - timedelta(hours=19))
    fake_sentry.requests.clear()
    warehouse.quick_sync(full=False)
    assert warehouse.rows(rows) == [first, (today, 15, 2)]
    [question] = [r.query for r in fake_sentry.requests if r.path.endswith("/sessions/")]
    assert f"start={today - timedelta(days=2)}" in question


def test_a_question_for_sessions_stays_below_the_points_that_sentry_gives(
    warehouse: SyncedWarehouse, world: SentryWorld, fake_sentry: FakeSentry
) -> None:
    acme = world.organizations["acme"]
    for number in range(60):
        project = world.create_project(acme, f"p-{number}")
        for status in ("healthy", "errored", "crashed", "abnormal"):
            world.record_sessions(project, 1, status)
    warehouse.quick_sync()
    assert warehouse.value("select count(*) from raw.project_daily_sessions") == 60
    path = "/api/0/organizations/acme/sessions/"
    assert asked(fake_sentry)[path] == 3  # 62 projects x 90 days x 5 statuses
    warehouse.quick_sync(full=False)
    assert asked(fake_sentry)[path] == 1
