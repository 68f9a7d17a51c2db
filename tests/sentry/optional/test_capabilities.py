"""What a server does not tell is null and a warning, and is asked for again in time."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.flavours import FLAVOURS
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.read.product_users import ProductProjects
from tests.sentry.syncing import SyncedWarehouse, asked

NEW_PATHS = ("releases/", "first-last-release/", "sessions/", "environments/", "/events/")
LACKS_ALL = replace(
    FLAVOURS["self-hosted"],
    has_owners=False,
    has_discover=False,
    has_first_last_release=False,
    has_release_in_detail=False,
    has_sessions=False,
    has_releases=False,
)


def new_questions(sentry: FakeSentry) -> int:
    return sum(count for path, count in asked(sentry).items() if path.endswith(NEW_PATHS))


def test_a_server_that_lacks_all_is_asked_as_before_except_by_full_syncs(
    warehouse: SyncedWarehouse, world: SentryWorld, fake_sentry: FakeSentry
) -> None:
    fake_sentry.flavour = LACKS_ALL
    warehouse.quick_sync()
    assert new_questions(fake_sentry) > 0
    world.advance(hours=3)
    warehouse.quick_sync(full=False)
    assert not any("expand" in r.query for r in fake_sentry.requests)
    assert asked(fake_sentry) == {
        "/api/0/organizations/acme/": 1,
        "/api/0/organizations/acme/projects/": 1,
        "/api/0/organizations/acme/teams/": 1,
        "/api/0/organizations/acme/issues/": 3,  # detection, hot, open
        "/api/0/organizations/acme/stats_v2/": 2,
    }
    names = ("releases", "sessions", "owners", "first_release", "first_release_of_many")
    assert {warehouse.capabilities()[name] for name in names} == {"missing"}
    assert warehouse.capabilities()["production"] == warehouse.capabilities()["users"] == "off"

    fake_sentry.flavour = FLAVOURS["self-hosted"]
    warehouse.quick_sync(full=True)
    assert new_questions(fake_sentry) > 0
    assert warehouse.capabilities()["sessions"] == "sessions"


@pytest.mark.parametrize(
    ("capability", "where", "fault"),
    [
        ("releases", "/releases/", "403"),
        ("releases", "/releases/", "no_link"),
        ("releases", "/releases/", "truncated"),
        ("first_release", "/first-last-release/", "500"),
        ("first_release_of_many", "/events/.*issue.id", "null_200"),
        ("production", "/environments/", "html_200"),
        ("production", r"/issues/\?.*environment=", "403"),
        ("production", r"/issues/\?.*environment=", "repeat_cursor"),
        ("production_events", "/events/.*to_day", "410"),
        ("sessions", "/sessions/", "query_timeout_400"),
        ("sessions", "/sessions/", "null_200"),
        ("users", "/events/.*unique", "502"),
    ],
)
def test_what_fails_leaves_null_and_a_warning_and_comes_back(
    warehouse: SyncedWarehouse,
    world: SentryWorld,
    api: Project,
    fake_sentry: FakeSentry,
    caplog: pytest.LogCaptureFixture,
    capability: str,
    where: str,
    fault: str,
) -> None:
    for number in range(1, 101):  # a full page
        world.publish_release([api], f"api@{number}")
    world.record_sessions(api, 5)
    world.create_issue(
        api, "ValueError: old", at=world.clock - timedelta(days=100), first_release="api@1"
    )
    ancient = next(i for i in world.issues.values() if i.title == "ValueError: old")
    world.add_events(ancient, 1, release="api@1")
    shop = ProductProjects("shop", frozenset({api.id}))
    warehouse.options = {"environments": ("production",), "users_of": (shop,)}
    fake_sentry.faults.add(fault, where, times=math.inf)

    report = warehouse.quick_sync()

    assert not report.failures
    assert warehouse.capabilities()[capability] in ("missing", "failed")
    assert f"without {capability.replace('_', ' ')}" in caplog.text
    working = {n for n, how in warehouse.capabilities().items() if how not in ("missing", "failed")}
    assert "listing" in working
    assert {"releases", "sessions", "users"} - {capability} <= working
    assert len(warehouse.issues()) == 17
    fake_sentry.faults.clear()
    assert not warehouse.quick_sync(full=True).failures
    assert "missing" not in warehouse.capabilities().values()
    assert warehouse.value("select count(*) from raw.releases") == 100
    assert warehouse.value("select sum(sessions) from raw.project_daily_sessions") == 5
    assert warehouse.value("select count(user_count) from raw.product_users") == 2
    assert warehouse.issues()[ancient.id]["first_release"] == "api@1"
    assert None not in {
        row["is_in_production"]
        for row in warehouse.issues().values()
        if row["status"] == "unresolved"
    }


def test_an_answer_that_is_missing_once_keeps_what_is_known_and_is_asked_for_again(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    world.record_sessions(api, 5)
    warehouse.options = {"environments": ("production",)}
    warehouse.quick_sync()
    known = warehouse.in_production()
    world.advance(hours=3)
    world.record_sessions(api, 2)
    for where in ("/sessions/", "/environments/"):
        fake_sentry.faults.add("403", where)
    warehouse.quick_sync(full=False)
    assert warehouse.capabilities()["sessions"] == "failed"
    assert warehouse.capabilities()["production"] == "failed"
    assert warehouse.in_production() == known
    total = "select sum(sessions) from raw.project_daily_sessions"
    assert warehouse.value(total) == 5
    warehouse.quick_sync(full=False)
    assert warehouse.capabilities()["sessions"] == "sessions"
    assert warehouse.value(total) == 7


@pytest.mark.parametrize(
    ("flavour", "releases", "first_release"),
    [("sentry10", 1, "api@1"), ("sentry9", 1, "api@1"), ("glitchtip", None, None)],
)
def test_old_servers_tell_of_releases_what_they_can(
    flavour: str,
    releases: int | None,
    first_release: str | None,
    world: SentryWorld,
    api: Project,
    tmp_path: Path,
) -> None:
    world.publish_release([api], "api@1")
    issue = world.create_issue(api, "ValueError: new", first_release="api@1")
    with FakeSentry(world, flavour) as sentry:
        sentry.state.scopes.add("project:releases")
        warehouse = SyncedWarehouse(tmp_path, sentry, ["acme"], {"environments": ("production",)})
        for full in (True, False):
            assert not warehouse.quick_sync(full=full).failures
    rows = "select version, project_id, new_issues from raw.releases"
    assert warehouse.rows(rows) == [("api@1", api.id, releases)]
    row = warehouse.issues()[issue.id]
    assert row["first_release"] == first_release
    assert row["is_in_production"] is (True if flavour == "sentry10" else None)
    assert row["owners"] is None
