"""What an honest warehouse says after a full sync of releases, production and sessions, where the server can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from tests.sentry.agreement import HIDDEN, RETENTION, flavour_of
from tests.sentry.syncing import SyncedWarehouse

PRODUCTION = "production"
SEARCHES_EVENTS = {"saas", "self-hosted", "sentry10"}
CURRENT = {"saas", "self-hosted"}


def assert_optional_true(
    warehouse: SyncedWarehouse, world: SentryWorld, hidden: Iterable[str] = ()
) -> None:
    """All is as Sentry would tell it of the projects that can be read."""
    flavour = flavour_of(warehouse)
    readable = {p.id: p for p in world.projects.values() if p.id not in set(hidden)}
    assert_releases_true(warehouse, world, readable, counts=flavour in CURRENT)
    if flavour in SEARCHES_EVENTS:
        assert_production_true(warehouse, world, readable)
    if flavour in CURRENT:
        assert_sessions_true(warehouse, world, readable)
    for issue_id, row in warehouse.issues().items():
        issue = world.issues.get(issue_id)
        if issue and issue.project.id in readable and not row["removed_reason"]:
            assert row["first_release_read_at"] or flavour == "glitchtip", issue_id
            known = {event.release for event in issue.events} | {issue.first_release, None}
            assert row["first_release"] in known, issue_id


def assert_releases_true(
    warehouse: SyncedWarehouse, world: SentryWorld, readable: dict[str, Project], *, counts: bool
) -> None:
    ever = [*world.issues.values(), *(gone.issue for gone in world.departed.values())]
    new = Counter((issue.first_release, issue.project.id) for issue in ever)
    told = {
        (home.slug, release.version, project_id): new[release.version, project_id]
        for home in world.organizations.values()
        for release in home.releases
        for project_id in release.project_ids
        if project_id in readable
        and readable[project_id].organization == home.slug
        and release.released_at > world.clock - RETENTION
    }
    stored: dict[Any, int] = {
        (slug, version, project_id): count
        for slug, version, project_id, count in warehouse.rows(
            "select organization_slug, version, project_id, new_issues from raw.releases"
        )
    }
    if flavour_of(warehouse) != "glitchtip":  # which wants a scope of its own for them
        assert told.keys() <= stored.keys()
        assert not counts or told.items() <= stored.items()


def assert_production_true(
    warehouse: SyncedWarehouse, world: SentryWorld, readable: dict[str, Project]
) -> None:
    """Open issues are there or not; days have the events there; nothing is known where nobody has such a place."""
    known = {p.organization for p in world.projects.values() if PRODUCTION in p.environments}
    since, first = world.clock - RETENTION, first_day(world)
    days: Counter[tuple[str, date]] = Counter()
    is_there = {}
    for issue in world.issues.values():
        if issue.project.id in readable and issue.project.organization in known:
            events = [e for e in issue.events if e.environment == PRODUCTION and e.at >= since]
            is_there[issue.id] = bool(events)
            for event in events:
                if event.at.date() >= first:
                    days[issue.project.id, event.at.date()] += event.amount
    for issue_id, row in warehouse.issues().items():
        is_open = row["status"] == "unresolved" and not row["removed_reason"]
        if is_open and row["issue_category"] not in HIDDEN and row["project_id"] in readable:
            assert row["is_in_production"] is is_there.get(issue_id), issue_id
    stored = {
        (project_id, day): count
        for project_id, day, count in warehouse.rows(
            "select project_id, date_on, event_count from raw.project_daily_production_events "
            "where event_count > 0"
        )
        if day >= first and project_id in readable and readable[project_id].organization in known
    }
    assert stored == days


def assert_sessions_true(
    warehouse: SyncedWarehouse, world: SentryWorld, readable: dict[str, Project]
) -> None:
    all_of: Counter[tuple[str, date]] = Counter()
    crashed: Counter[tuple[str, date]] = Counter()
    for project in readable.values():
        for (hour, status), count in project.sessions.items():
            if hour.date() >= first_day(world):
                all_of[project.id, hour.date()] += count
                crashed[project.id, hour.date()] += count if status == "crashed" else 0
    stored = {
        (project_id, day): (count, crashes)
        for project_id, day, count, crashes in warehouse.rows(
            "select project_id, date_on, sessions, crashed_sessions from raw.project_daily_sessions"
        )
        if day >= first_day(world) and project_id in readable
    }
    assert stored == {key: (count, crashed[key]) for key, count in all_of.items()}


def first_day(world: SentryWorld) -> date:
    """The first day that Sentry has kept whole."""
    return (world.clock - RETENTION).date() + timedelta(days=1)
