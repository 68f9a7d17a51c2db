"""Releases, production, sessions, owners, users: right where the server can tell, null and a warning where not."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.fake_sentry.entities import Issue, OwnershipRule, Project
from pipelines.fake_sentry.flavours import FLAVOURS
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.read.product_users import ProductProjects
from tests.sentry.syncing import SyncedWarehouse

EVERYTHING: dict[str, Any] = {"environments": ("production",)}
NEW_PATHS = ("releases/", "first-last-release/", "sessions/", "environments/", "/events/")
LACKS_ALL = replace(
    FLAVOURS["self-hosted"],
    has_owners=False,
    has_discover=False,
    has_first_last_release=False,
    has_sessions=False,
    has_releases=False,
)


@pytest.fixture
def api(world: SentryWorld) -> Project:
    return next(p for p in world.projects.values() if p.slug == "acme-api")


@pytest.fixture
def web(world: SentryWorld) -> Project:
    return next(p for p in world.projects.values() if p.slug == "acme-web")


@pytest.fixture
def warehouse(warehouse: SyncedWarehouse) -> SyncedWarehouse:
    warehouse.organizations = ["acme"]
    return warehouse


def capabilities(warehouse: SyncedWarehouse) -> dict[str, Any]:
    [(text,)] = warehouse.rows(
        "select capabilities from raw.organization_syncs order by started_at desc, run_id desc limit 1"
    )
    found: dict[str, Any] = json.loads(text)
    return found


def asked(sentry: FakeSentry) -> Counter[str]:
    """How often each kind of question was asked, ids left out; forgets them."""
    found = Counter(
        "/".join("*" if part.isdigit() and part != "0" else part for part in r.path.split("/"))
        for r in sentry.requests
    )
    sentry.requests.clear()
    return found


def new_questions(sentry: FakeSentry) -> int:
    return sum(count for path, count in asked(sentry).items() if path.endswith(NEW_PATHS))


# Releases


def test_each_release_is_kept_per_project_with_its_new_issues(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, web: Project
) -> None:
    world.publish_release([api, web], "shop@2.1.0")
    world.create_issue(api, "KeyError: new", first_release="shop@2.1.0")
    warehouse.quick_sync()
    rows = "select version, project_id, new_issues, released_at from raw.releases order by 2"
    released = world.clock.replace(tzinfo=None)
    assert warehouse.rows(rows) == [
        ("shop@2.1.0", api.id, 1, released),
        ("shop@2.1.0", web.id, 0, released),
    ]

    world.advance(days=3)
    world.create_issue(web, "KeyError: later", first_release="shop@2.1.0")
    warehouse.quick_sync(full=False)
    assert warehouse.rows(rows) == [
        ("shop@2.1.0", api.id, 1, released),
        ("shop@2.1.0", web.id, 1, released),
    ]


def test_an_ordinary_sync_reads_the_first_page_of_releases_alone(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    for number in range(350):
        world.publish_release([api], f"api@1.{number}")
        world.advance(hours=3)
    warehouse.quick_sync()
    assert warehouse.value("select count(*) from raw.releases") == 350
    pages = "/api/0/organizations/acme/releases/"
    assert asked(fake_sentry)[pages] == 4

    world.advance(hours=3)
    warehouse.quick_sync(full=False)
    assert asked(fake_sentry)[pages] == 1


# The release that an issue came with


def test_the_first_release_is_read_together_where_all_events_are_kept_else_alone_and_never_again(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    old = world.create_issue(
        api, "ValueError: old", at=world.clock - timedelta(days=200), first_release="api@0.1"
    )
    world.add_events(old, 3, release="api@1.0")
    new = world.create_issue(api, "ValueError: new", count=2, first_release="api@1.0")
    world.add_events(new, 2, release="api@2.0")
    warehouse.quick_sync()

    questions = asked(fake_sentry)
    one = "/api/0/organizations/acme/issues/*/first-last-release/"
    assert (questions["/api/0/organizations/acme/events/"], questions[one]) == (1, 1)
    issues = warehouse.issues()
    assert issues[old.id]["first_release"] == "api@0.1"
    assert issues[new.id]["first_release"] == "api@1.0"
    others = [row for issue_id, row in issues.items() if issue_id not in (old.id, new.id)]
    assert {row["first_release"] for row in others} == {None}
    assert all(row["first_release_read_at"] for row in issues.values())
    assert capabilities(warehouse)["first_release"] == "first-last-release"

    world.advance(hours=3)
    world.add_events(new, 1, release="api@3.0")
    warehouse.quick_sync(full=False)
    warehouse.quick_sync(full=True)
    questions = asked(fake_sentry)
    assert questions[one] == questions["/api/0/organizations/acme/events/"] == 0
    assert warehouse.issues()[new.id]["first_release"] == "api@1.0"


def test_first_releases_are_read_newest_first_within_the_budget(
    warehouse: SyncedWarehouse, world: SentryWorld, fake_sentry: FakeSentry, issues: list[Issue]
) -> None:
    fake_sentry.flavour = replace(fake_sentry.flavour, has_discover=False)
    mine = [i for i in issues if i.project.organization == "acme"]
    newest = sorted(mine, key=lambda i: i.first_seen, reverse=True)
    unread = "select count(*) from raw.issues where first_release_read_at is null"

    warehouse.quick_sync(first_release_budget=7)  # one for the question that is not answered
    assert warehouse.value(unread) == len(mine) - 6
    read = {i for i, row in warehouse.issues().items() if row["first_release_read_at"]}
    assert {world.issues[i].first_seen for i in read} == {i.first_seen for i in newest[:6]}
    warehouse.quick_sync(full=False, first_release_budget=100)
    assert warehouse.value(unread) == 0


# Production


def in_production(warehouse: SyncedWarehouse) -> dict[str, bool | None]:
    return {issue_id: row["is_in_production"] for issue_id, row in warehouse.issues().items()}


def test_open_issues_are_in_production_or_not_and_closed_ones_stay_as_they_were(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    staging = world.create_issue(api, "ValueError: noise", environment="staging")
    both = world.create_issue(api, "ValueError: both", environment="staging")
    world.add_events(both, 1)
    closed = world.create_issue(api, "ValueError: closed", at=world.clock - timedelta(days=2))
    world.resolve(closed)
    warehouse.options = EVERYTHING
    warehouse.quick_sync()
    told = in_production(warehouse)
    assert (told[staging.id], told[both.id], told[closed.id]) == (False, True, None)

    world.advance(hours=3)
    world.add_events(staging, 1)
    world.resolve(both)
    world.resolve(staging, at=world.clock + timedelta(seconds=1))
    asked(fake_sentry)
    warehouse.quick_sync(full=False)
    told = in_production(warehouse)
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
    warehouse.options = EVERYTHING
    warehouse.quick_sync()
    before = warehouse.rows(rows)
    assert dict(before)[world.clock.date()] == 2
    warehouse.quick_sync(environments=("staging", "elsewhere"))
    assert warehouse.rows(rows) == [(world.clock.date(), 5)]
    assert in_production(warehouse)[issue.id] is True
    assert list(in_production(warehouse).values()).count(True) == 1

    warehouse.quick_sync(full=False, environments=())
    assert set(in_production(warehouse).values()) == {None}
    assert {count for _, count in warehouse.rows(rows)} == {None}
    warehouse.quick_sync(full=False)
    assert warehouse.rows(rows) == before


def test_an_environment_that_nobody_has_is_a_warning_that_names_those_there_are(
    warehouse: SyncedWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert not warehouse.quick_sync(environments=("prod",)).failures
    assert "names prod; its environments are: production." in caplog.text
    assert set(in_production(warehouse).values()) == {None}
    assert not warehouse.quick_sync(full=False, environments=("production",)).failures
    assert True in in_production(warehouse).values()


# Sessions


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


# Owners


def test_owners_are_named_as_in_codeowners(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, issues: list[Issue]
) -> None:
    team = next(t for t in world.teams.values() if t.organization == "acme")
    world.set_ownership(
        api, [OwnershipRule("*pay*", f"team:{team.id}"), OwnershipRule("*pay*", "user:7")]
    )
    paid = world.create_issue(api, "ValueError: cannot pay")
    warehouse.quick_sync()
    told = {issue_id: row["owners"] for issue_id, row in warehouse.issues().items()}
    assert told.pop(paid.id) == '["#acme-shop","user:7"]'
    assert set(told.values()) == {"[]"}
    assert capabilities(warehouse)["owners"] == "expand"

    world.advance(days=91)  # forgotten by listings, read by id
    warehouse.quick_sync(full=True)
    assert warehouse.issues()[paid.id]["owners"] == '["#acme-shop","user:7"]'


# Users


def test_users_of_a_product_are_counted_once_over_its_projects(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, web: Project
) -> None:
    ancient = world.clock - timedelta(days=25)
    world.create_issue(api, "ValueError: a", count=9, users=range(100, 109))
    world.create_issue(web, "ValueError: b", count=9, users=range(105, 112))
    world.create_issue(web, "ValueError: c", count=5, users=range(200, 205), at=ancient)
    beta = next(p for p in world.projects.values() if p.slug == "beta-api")
    shop = ProductProjects("shop", frozenset({api.id, web.id, beta.id}))
    only_web = ProductProjects("web", frozenset({web.id}))
    warehouse.organizations = ["acme", "beta"]
    rows = (
        "select product_id, organization_slug, window_days, user_count from raw.product_users "
        "order by all"
    )
    warehouse.quick_sync(users_of=(shop, only_web))
    # User 0 is that of all other issues.
    assert warehouse.rows(rows) == [
        ("shop", "acme", 7, 13),
        ("shop", "acme", 30, 18),
        ("shop", "beta", 7, 1),
        ("shop", "beta", 30, 1),
        ("web", "acme", 7, 8),
        ("web", "acme", 30, 13),
    ]
    warehouse.quick_sync(full=False, users_of=(only_web,))
    numbers = {row[:3]: row[3] for row in warehouse.rows(rows)}
    assert numbers["shop", "acme", 7] is None
    assert numbers["web", "acme", 30] == 13


# What servers lack, and what goes wrong


def test_a_server_that_lacks_all_is_asked_as_before_except_by_full_syncs(
    warehouse: SyncedWarehouse, world: SentryWorld, fake_sentry: FakeSentry
) -> None:
    fake_sentry.flavour = LACKS_ALL
    warehouse.quick_sync()
    assert new_questions(fake_sentry) > 0
    world.advance(hours=3)
    warehouse.quick_sync(full=False)
    assert asked(fake_sentry) == {
        "/api/0/organizations/acme/": 1,
        "/api/0/organizations/acme/projects/": 1,
        "/api/0/organizations/acme/teams/": 1,
        "/api/0/organizations/acme/issues/": 3,  # detection, hot, open
        "/api/0/organizations/acme/stats_v2/": 2,
    }
    assert not any("expand" in r.query for r in fake_sentry.requests)
    names = ("releases", "sessions", "owners", "first_release", "first_release_of_many")
    assert {capabilities(warehouse)[name] for name in names} == {"missing"}
    assert capabilities(warehouse)["production"] == capabilities(warehouse)["users"] == "off"

    fake_sentry.flavour = FLAVOURS["self-hosted"]
    warehouse.quick_sync(full=True)
    assert new_questions(fake_sentry) > 0
    assert capabilities(warehouse)["sessions"] == "sessions"


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
    assert capabilities(warehouse)[capability] in ("missing", "failed")
    assert f"without {capability.replace('_', ' ')}" in caplog.text
    working = {n for n, how in capabilities(warehouse).items() if how not in ("missing", "failed")}
    assert "listing" in working
    assert {"releases", "sessions", "users"} - {capability} <= working
    assert len(warehouse.issues()) == 17
    fake_sentry.faults.clear()
    assert not warehouse.quick_sync(full=True).failures
    assert "missing" not in capabilities(warehouse).values()
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
    warehouse.options = EVERYTHING
    warehouse.quick_sync()
    known = in_production(warehouse)
    world.advance(hours=3)
    world.record_sessions(api, 2)
    for where in ("/sessions/", "/environments/"):
        fake_sentry.faults.add("403", where)
    warehouse.quick_sync(full=False)
    assert capabilities(warehouse)["sessions"] == "failed"
    assert capabilities(warehouse)["production"] == "failed"
    assert in_production(warehouse) == known
    total = "select sum(sessions) from raw.project_daily_sessions"
    assert warehouse.value(total) == 5
    warehouse.quick_sync(full=False)
    assert capabilities(warehouse)["sessions"] == "sessions"
    assert warehouse.value(total) == 7


@pytest.mark.parametrize(
    ("flavour", "releases", "first_release"),
    [("sentry10", 1, "api@1"), ("sentry9", 1, None), ("glitchtip", None, None)],
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
        warehouse = SyncedWarehouse(tmp_path, sentry, ["acme"], EVERYTHING)
        for full in (True, False):
            assert not warehouse.quick_sync(full=full).failures
    rows = "select version, project_id, new_issues from raw.releases"
    assert warehouse.rows(rows) == [("api@1", api.id, releases)]
    row = warehouse.issues()[issue.id]
    assert row["first_release"] == first_release
    assert row["is_in_production"] is (True if flavour == "sentry10" else None)
    assert row["owners"] is None
