"""Releases, and the release that an issue came with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.fake_sentry.entities import Issue, Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.syncing import SyncedWarehouse, asked


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
    assert warehouse.capabilities()["first_release"] == "first-last-release"

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


def test_each_page_of_an_answer_counts_against_the_budget(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    for number in range(150):
        issue = world.create_issue(api, f"ValueError: {number}", first_release="api@1")
        world.add_events(issue, release="api@2")
    warehouse.quick_sync(first_release_budget=2, concurrency=1)
    questions = asked(fake_sentry)
    assert questions["/api/0/organizations/acme/events/"] == 2
    assert questions["/api/0/organizations/acme/issues/*/first-last-release/"] == 0
    read = "select count(*) from raw.issues where first_release_read_at is not null"
    assert warehouse.value(read) == 100


@pytest.mark.parametrize("flavour", ["self-hosted", "sentry9", "glitchtip"])
def test_where_the_issue_alone_tells_it_each_is_asked_for_newest_first_within_the_budget(
    flavour: str, world: SentryWorld, api: Project, tmp_path: Path
) -> None:
    new = world.create_issue(api, "ValueError: new", first_release="api@1.0")
    mine = [i for i in world.issues.values() if i.project.organization == "acme"]
    newest = sorted((i.first_seen for i in mine), reverse=True)
    with FakeSentry(world, flavour) as sentry:
        sentry.flavour = replace(
            sentry.flavour,
            has_discover=False,
            has_first_last_release=False,
            has_release_in_detail=True,
        )
        warehouse = SyncedWarehouse(tmp_path, sentry, ["acme"], {"first_release_budget": 5})
        warehouse.quick_sync()
        issues = warehouse.issues()
        read = [issue_id for issue_id, row in issues.items() if row["first_release_read_at"]]
        assert len(read) == (
            4 if flavour == "self-hosted" else 5
        )  # one to see that all is not told
        seen = sorted((world.issues[issue_id].first_seen for issue_id in read), reverse=True)
        assert seen == newest[: len(read)]
        assert issues[new.id]["first_release"] == "api@1.0"
        assert warehouse.capabilities()["first_release"] == "detail"

        asked(sentry)
        warehouse.quick_sync(full=False)
        questions = asked(sentry)
        home = "organizations/acme/" if flavour == "self-hosted" else ""
        assert questions[f"/api/0/{home}issues/*/"] == 5
        assert not any(path.endswith("/first-last-release/") for path in questions)


def test_a_server_that_tells_no_first_release_is_asked_by_full_syncs_only(
    world: SentryWorld, tmp_path: Path
) -> None:
    with FakeSentry(world, "glitchtip") as sentry:
        warehouse = SyncedWarehouse(tmp_path, sentry, ["acme"])
        assert not warehouse.quick_sync().failures
        assert warehouse.capabilities()["first_release"] == "missing"
        assert {row["first_release_read_at"] for row in warehouse.issues().values()} == {None}
        asked(sentry)
        warehouse.quick_sync(full=False)
        assert not any("/issues/*/" in path for path in asked(sentry))
