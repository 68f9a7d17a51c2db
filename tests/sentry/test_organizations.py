"""Who is there: organizations in regions, projects that come, go, move and hide."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.errors import ConfigurationError, SentryError
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import SyncedWarehouse


@pytest.fixture
def api(world: SentryWorld) -> Project:
    return next(p for p in world.projects.values() if p.slug == "acme-api")


def removed(warehouse: SyncedWarehouse, project: Project) -> set[str | None]:
    rows = warehouse.issues().values()
    return {row["removed_reason"] for row in rows if row["project_id"] == project.id}


def test_without_names_all_organizations_of_the_token_are_synced(
    warehouse: SyncedWarehouse,
) -> None:
    warehouse.organizations = []
    assert warehouse.quick_sync().organizations == 2


def test_an_integrations_token_needs_a_name_and_the_message_says_so(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld
) -> None:
    fake_sentry.state.is_user_token = False
    warehouse.organizations = []
    with pytest.raises(ConfigurationError, match="SENTRY_ORG"):
        warehouse.quick_sync()

    warehouse.organizations = ["acme", "beta"]
    for project in world.projects.values():
        project.is_member = False
    assert not warehouse.quick_sync().failures
    assert_true(warehouse, world)


def test_an_organization_that_does_not_exist_fails_alone_and_by_name(
    warehouse: SyncedWarehouse,
) -> None:
    warehouse.organizations = ["acme", "acmee"]
    report = warehouse.quick_sync()
    assert set(report.failures) == {"acmee"}
    assert "SENTRY_ORG" in report.failures["acmee"]
    assert len(warehouse.issues()) == 16

    warehouse.organizations = ["acmee"]
    with pytest.raises(SentryError, match="SENTRY_ORG"):
        warehouse.quick_sync()


def test_an_organization_named_twice_is_synced_once(warehouse: SyncedWarehouse) -> None:
    warehouse.organizations = ["acme", "acme"]
    assert warehouse.sync().organizations == 1
    assert len(warehouse.issues()) == 16


def test_empty_organizations_and_projects_are_fine(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    world.create_project(world.create_organization("quiet"), "nothing-yet")
    world.create_organization("empty")
    warehouse.organizations = ["empty", "quiet"]

    report = warehouse.sync()

    assert not report.failures
    assert warehouse.issues() == {}
    assert len(warehouse.table("projects", "project_id")) == 1
    assert warehouse.value("select count(*) from raw.issue_events") == 0


def test_a_project_without_access_is_listed_and_not_read(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    world.set_access(api, False)
    assert not warehouse.quick_sync().failures
    row = warehouse.table("projects", "project_id")[api.id]
    assert (row["has_access"], row["access_lost_at"]) == (False, None)
    assert removed(warehouse, api) == set()


def of_project(warehouse: SyncedWarehouse, project: Project) -> dict[str, dict[str, Any]]:
    return {i: row for i, row in warehouse.issues().items() if row["project_id"] == project.id}


def test_what_cannot_be_read_any_more_stays_as_it_was_and_is_all_read_once_it_can_be(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    warehouse.options["activity_budget"] = 2
    closed = next(issue for issue in api.issues.values() if issue.status == "resolved")
    warehouse.quick_sync()
    before = of_project(warehouse, api)
    world.set_access(api, False)
    world.advance(hours=3)
    lost = warehouse.quick_sync(full=False)
    meanwhile = world.create_issue(api, "ValueError: meanwhile")
    world.resolve(meanwhile)
    world.delete_issue(closed)
    for full in (False, True):
        world.advance(hours=24)
        assert not warehouse.quick_sync(full=full).failures
        row = warehouse.table("projects", "project_id")[api.id]
        assert (row["has_access"], row["access_lost_at"]) == (False, lost.as_of)
        assert row["deleted_at"] is None
        assert of_project(warehouse, api) == before
        assert_true(warehouse, world, {api.id})

    world.set_access(api, True)
    warehouse.quick_sync(full=False)

    assert warehouse.table("projects", "project_id")[api.id]["access_lost_at"] is None
    assert meanwhile.id in warehouse.issues()
    assert warehouse.issues()[closed.id]["removed_reason"] == "deleted"
    assert_true(warehouse, world)


def test_a_project_of_which_the_token_may_not_know_whether_it_is_there_stays(
    warehouse: SyncedWarehouse, world: SentryWorld, fake_sentry: FakeSentry, api: Project
) -> None:
    warehouse.quick_sync()
    before = of_project(warehouse, api)
    world.delete_project(api)
    fake_sentry.state.scopes.remove("project:read")
    world.advance(hours=3)
    lost = warehouse.quick_sync(full=False)
    row = warehouse.table("projects", "project_id")[api.id]
    assert (row["access_lost_at"], row["deleted_at"]) == (lost.as_of, None)
    assert of_project(warehouse, api) == before

    fake_sentry.state.scopes.add("project:read")
    assert not warehouse.quick_sync(full=False).failures
    assert removed(warehouse, api) == {"project_gone"}


def test_a_token_that_reads_nothing_any_more_fails_the_organization(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    warehouse.quick_sync()
    for project in world.projects.values():
        world.set_access(project, project.organization == "beta")
    failures = warehouse.quick_sync(full=False).failures
    assert set(failures) == {"acme"}
    assert "None of the 2 projects of acme can be read" in failures["acme"]


def test_a_project_that_goes_out_of_reach_while_one_reads_loses_nothing(
    warehouse: SyncedWarehouse,
    world: SentryWorld,
    api: Project,
    fake_sentry: FakeSentry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warehouse.quick_sync()
    before = of_project(warehouse, api)
    world.advance(hours=3)
    original = fake_sentry.faults.pick

    def pick(target: str) -> tuple[str, dict[str, Any]] | None:
        # The project list is read before the access goes, the issues after it.
        if "/acme/teams/" in target:
            world.set_access(api, False)
        return original(target)

    monkeypatch.setattr(fake_sentry.faults, "pick", pick)
    for _ in range(2):
        assert not warehouse.quick_sync(full=False).failures
        assert of_project(warehouse, api) == before
    assert warehouse.table("projects", "project_id")[api.id]["has_access"] is False
    assert_true(warehouse, world, {api.id})


def test_a_deleted_project_takes_its_issues_along_even_if_its_organization_failed_meanwhile(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project, fake_sentry: FakeSentry
) -> None:
    warehouse.quick_sync()
    world.delete_project(api)
    world.advance(hours=3)
    fake_sentry.faults.add("500", "/acme/.*issues/", times=math.inf)
    assert set(warehouse.quick_sync(full=False).failures) == {"acme"}
    assert removed(warehouse, api) == {None}

    fake_sentry.faults.clear()
    assert not warehouse.quick_sync(full=False).failures
    assert removed(warehouse, api) == {"project_gone"}
    assert warehouse.table("projects", "project_id")[api.id]["deleted_at"] is not None


def test_a_project_created_anew_under_the_same_slug_is_another_project(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    warehouse.quick_sync()
    world.delete_project(api)
    anew = world.create_project(world.organizations["acme"], api.slug)
    issue = world.create_issue(anew)

    warehouse.quick_sync(full=False)

    projects = warehouse.table("projects", "project_id")
    assert projects[api.id]["deleted_at"] is not None
    assert projects[anew.id]["deleted_at"] is None
    assert warehouse.issues()[issue.id]["project_id"] == anew.id


def test_a_renamed_project_keeps_its_id_and_its_history_of_slugs(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    warehouse.quick_sync()
    for slug in ("second", "third", "second"):
        world.advance(hours=3)
        world.rename_project(api, slug)
        warehouse.quick_sync(full=False)

    history = warehouse.rows(
        f"select project_slug from raw.project_slugs where project_id = '{api.id}' order by adopted_at"
    )
    assert history == [("acme-api",), ("third",), ("second",)]
    assert warehouse.table("projects", "project_id")[api.id]["project_slug"] == "second"


def test_a_project_that_moves_brings_its_issues_and_each_stays_one_row(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    warehouse.quick_sync()
    world.advance(hours=3)
    world.transfer_project(api, world.organizations["beta"])

    warehouse.quick_sync(full=False)

    rows = [r for r in warehouse.issues().values() if r["project_id"] == api.id]
    assert {r["organization_slug"] for r in rows} == {"beta"}
    assert {r["removed_reason"] for r in rows} == {None}
    assert_true(warehouse, world)


def test_a_project_from_an_organization_that_is_not_synced_arrives_with_all_it_has(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    warehouse.organizations = ["beta"]
    warehouse.quick_sync()
    world.advance(hours=72)
    world.transfer_project(api, world.organizations["beta"])

    warehouse.quick_sync(full=False)

    assert len([r for r in warehouse.issues().values() if r["project_id"] == api.id]) == 8


def test_a_project_that_leaves_for_an_organization_that_is_not_synced_is_gone(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    warehouse.organizations = ["acme"]
    warehouse.quick_sync()
    world.transfer_project(api, world.organizations["beta"])
    warehouse.quick_sync(full=False)
    assert removed(warehouse, api) == {"project_gone"}


def test_an_issue_merged_twice_leads_to_the_last_survivor(
    warehouse: SyncedWarehouse, world: SentryWorld, api: Project
) -> None:
    first, second, third = list(api.issues.values())[1:4]
    warehouse.quick_sync()
    for child, parent in ((first, second), (second, third)):
        world.unresolve(child)
        world.merge([child], parent)
        world.advance(hours=3)
        warehouse.quick_sync(full=True)

    rows = warehouse.issues()
    assert rows[first.id]["merged_into_issue_id"] == third.id
    assert rows[second.id]["merged_into_issue_id"] == third.id
    observed = warehouse.rows(
        f"select to_status from raw.issue_status_observations where issue_id = '{first.id}'"
    )
    assert observed == [("merged",)]


def test_a_team_is_marked_deleted_when_it_is_gone_and_kept_when_teams_cannot_be_read(
    warehouse: SyncedWarehouse, world: SentryWorld, fake_sentry: FakeSentry
) -> None:
    warehouse.quick_sync()
    (team,) = (t for t in world.teams.values() if t.organization == "acme")
    world.delete_team(team)
    warehouse.quick_sync(full=False)
    assert warehouse.table("teams", "team_id")[team.id]["deleted_at"] is not None
    links = warehouse.rows(
        f"select removed_at is null from raw.project_teams where team_id = '{team.id}'"
    )
    assert links == [(False,), (False,)]


def test_what_is_synced_no_longer_is_named_in_the_log(
    warehouse: SyncedWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse.quick_sync()
    warehouse.organizations = ["acme"]
    warehouse.quick_sync(full_every=timedelta(days=1))
    assert "beta: in the warehouse, but not among the organizations to sync" in caplog.text
