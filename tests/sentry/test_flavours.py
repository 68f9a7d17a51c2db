"""Every kind of server gives the same tables, as far as it has the facts."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.fake_sentry.expected_issues import accepted_per_day
from pipelines.fake_sentry.flavours import FLAVOURS
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.errors import ConfigurationError, SentryError
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import OURS, QUICK, SyncedWarehouse

LACKING: dict[str, set[str]] = {
    "saas": set(),
    "one-by-one": set(),
    "sentry10": {
        "substatus",
        "issue_priority",
        "issue_category",
        "issue_type",
        "is_unhandled",
        "annotations",
        "owners",
    },
}
LACKING["sentry9"] = LACKING["sentry10"] | {"platform"}
LACKING["glitchtip"] = LACKING["sentry9"] | {
    "short_id", "permalink", "assignee_type", "assignee_id", "assignee_name", "assignee_email",
    "user_count", "status_details", "culprit", "logger",
}  # fmt: skip


def life(world: SentryWorld) -> None:
    """Some of everything, between two syncs."""
    world.advance(hours=3)
    issues = [i for i in world.issues.values() if i.status == "unresolved"]
    world.resolve(issues[0])
    world.archive(issues[1])
    world.add_events(issues[2], 5, at=world.clock - timedelta(minutes=5))
    world.assign(issues[3], world.organizations["acme"].members[0])
    world.merge([issues[5]], issues[9])
    world.delete_issue(issues[6])
    world.create_issue(issues[7].project, "KeyError: new", at=world.clock - timedelta(minutes=9))
    world.rename_project(issues[7].project, "renamed")
    world.annotate(issues[8], "JIRA-1", "https://tracker.example/1")
    world.advance(hours=1)


def synced(
    world: SentryWorld, flavour: str, folder: Path, **options: Any
) -> dict[str, dict[str, Any]]:
    """The issues after a first, an ordinary and a full sync, checked against the truth."""
    folder.mkdir()
    fake_sentry = FakeSentry(world, "self-hosted" if flavour == "one-by-one" else flavour)
    if flavour == "one-by-one":
        fake_sentry.flavour = replace(FLAVOURS["self-hosted"], has_several_projects=False)
    fake_sentry.state.limits.per_second = {"default": 1000}
    with fake_sentry:
        warehouse = SyncedWarehouse(folder, fake_sentry, ["acme", "beta"], options)
        assert not warehouse.quick_sync().failures
        assert_true(warehouse, world)
        life(world)
        assert not warehouse.quick_sync(full=False).failures
        assert not warehouse.quick_sync(full=True).failures
        assert_true(warehouse, world)
        days = warehouse.rows(
            "select project_id, date_on, event_count from raw.project_daily_events where event_count > 0"
        )
        # Sentry 9 and 10 count what they receive, GlitchTip and newer ones what they accept.
        assert {(p, d): n for p, d, n in days} == accepted_per_day(world)
        return warehouse.issues()


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, dict[str, Any]]:
    return synced(new_world(), "self-hosted", tmp_path / "self-hosted")


def new_world() -> SentryWorld:
    world = SentryWorld()
    for slug in ("acme", "beta"):
        organization = world.create_organization(slug)
        for name in ("api", "web"):
            project = world.create_project(organization, f"{slug}-{name}")
            for number in range(5):
                world.create_issue(
                    project,
                    f"ValueError: {number}",
                    count=3,
                    at=world.clock - timedelta(days=number),
                )
    return world


@pytest.mark.parametrize("flavour", LACKING)
def test_each_server_tells_the_same_of_every_issue(
    flavour: str, expected: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    found = synced(new_world(), flavour, tmp_path / flavour)

    assert found.keys() == expected.keys()
    leave_out = LACKING[flavour]
    for issue_id, row in expected.items():
        is_merged = row["removed_reason"] == "merged"
        if flavour == "glitchtip" and is_merged:  # there a merged issue is one that is gone
            assert found[issue_id]["removed_reason"] == "deleted"
            continue
        for column, value in row.items():
            if column not in leave_out and column not in OURS:
                assert found[issue_id][column] == value, (issue_id, column)


@pytest.mark.parametrize("flavour", ["self-hosted", "sentry10", "sentry9", "one-by-one"])
def test_resolutions_are_timed_wherever_there_are_activities(flavour: str, tmp_path: Path) -> None:
    world = new_world()
    issue = next(iter(world.issues.values()))
    at = world.clock + timedelta(minutes=77)
    fake_sentry = FakeSentry(world, "self-hosted" if flavour == "one-by-one" else flavour)
    if flavour == "one-by-one":
        fake_sentry.flavour = replace(FLAVOURS["self-hosted"], has_several_projects=False)
    with fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"], {"activity_budget": 0})
        warehouse.quick_sync()
        world.advance(hours=3)
        world.resolve(issue, at=at)
        warehouse.quick_sync(full=False)

    rows = warehouse.rows(
        "select occurred_at from raw.issue_activities where activity_type = 'set_resolved' "
        f"and issue_id = '{issue.id}'"
    )
    assert rows == [(at.replace(tzinfo=None),)]


def test_glitchtip_has_no_activities_so_the_time_between_two_syncs_is_known(tmp_path: Path) -> None:
    world = new_world()
    issue = next(iter(world.issues.values()))
    with FakeSentry(world, "glitchtip") as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        first = warehouse.quick_sync().as_of
        world.advance(hours=3)
        world.resolve(issue)
        second = warehouse.quick_sync(full=False).as_of

    assert warehouse.rows(
        "select previous_observed_at, observed_at, from_status, to_status from raw.issue_status_observations"
    ) == [(first, second, "unresolved", "resolved")]
    capabilities = warehouse.rows(
        "select capabilities->>'listing', capabilities->>'read_by_id', capabilities->>'activities'"
        " from raw.organization_syncs where run_id = 'run-2'"
    )
    assert capabilities == [("glitchtip", "id", "none")]


def test_a_current_server_that_is_unwell_for_a_moment_is_not_taken_for_an_old_one(
    tmp_path: Path,
) -> None:
    with FakeSentry(new_world(), "self-hosted") as fake_sentry:
        fake_sentry.faults.add("503", r"/organizations/acme/issues/\?", times=3)
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        assert not warehouse.quick_sync().failures
        listing = warehouse.value("select capabilities->>'listing' from raw.organization_syncs")
        assert listing == "organization"


@pytest.mark.parametrize("flavour", ["saas", "sentry10", "glitchtip"])
def test_counts_that_came_before_are_waited_for_as_long_as_anything_else(
    flavour: str, tmp_path: Path
) -> None:
    with FakeSentry(new_world(), flavour) as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        assert not warehouse.quick_sync().failures
        unwell = fake_sentry.faults.add("503", "/stats(_v2)?/", times=QUICK.attempts - 1)
        assert not warehouse.quick_sync().failures
        assert unwell.played == QUICK.attempts - 1


@pytest.mark.parametrize("flavour", ["saas", "sentry10", "sentry9", "glitchtip"])
def test_an_issue_whose_only_event_is_ahead_of_the_clock_is_read_at_once(
    flavour: str, tmp_path: Path
) -> None:
    world = new_world()
    project = next(iter(world.projects.values()))
    with FakeSentry(world, flavour) as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme", "beta"])
        for _ in range(2):  # a full sync, an incremental one
            at = world.clock + timedelta(seconds=59)
            ahead = world.create_issue(project, at=at)
            assert not warehouse.quick_sync(full=False).failures
            assert warehouse.issues()[ahead.id]["first_seen_at"] == at.replace(tzinfo=None)
            assert_true(warehouse, world)
            world.advance(hours=3)


def test_a_server_that_does_not_tell_the_time_is_read_by_the_clock_of_this_machine(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    world = SentryWorld(now)
    issue = world.create_issue(world.create_project(world.create_organization("acme"), "api"))
    with FakeSentry(world, "sentry10") as fake_sentry:
        fake_sentry.faults.add("no_date", times=math.inf)
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        summary = warehouse.quick_sync()
    assert list(warehouse.issues()) == [issue.id]
    assert (
        timedelta(0) <= summary.as_of - now.replace(tzinfo=None, microsecond=0) < timedelta(hours=1)
    )


@pytest.mark.parametrize("flavour", ["saas", "sentry9", "glitchtip"])
@pytest.mark.parametrize("after", [0, 1])
def test_one_web_page_at_detection_makes_no_server_another(
    flavour: str, after: int, tmp_path: Path
) -> None:
    with FakeSentry(new_world(), flavour) as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        fake_sentry.faults.add("html_200", "/issues/.*limit=1(&|$)", after=after)
        assert not warehouse.quick_sync().failures
        listing = warehouse.value("select capabilities->>'listing' from raw.organization_syncs")
    names = {"saas": "organization", "sentry9": "project", "glitchtip": "glitchtip"}
    assert listing == names[flavour]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_token_without_event_read_gets_that_for_a_reason(flavour: str, tmp_path: Path) -> None:
    with FakeSentry(new_world(), flavour) as fake_sentry:
        fake_sentry.state.scopes.remove("event:read")
        with pytest.raises(SentryError, match=r"acme/issues/ is not allowed .*event:read"):
            SyncedWarehouse(tmp_path, fake_sentry, ["acme"]).quick_sync()


@pytest.mark.parametrize(
    ("flavour", "reason"),
    [("saas", "internal integration.* is in none"), ("glitchtip", "user .* in no organization")],
)
def test_a_token_that_lists_no_organization_gets_the_reasons_that_there_are(
    flavour: str, reason: str, tmp_path: Path
) -> None:
    with (
        FakeSentry(SentryWorld(), flavour) as fake_sentry,
        pytest.raises(ConfigurationError, match=reason) as raised,
    ):
        SyncedWarehouse(tmp_path, fake_sentry).quick_sync()
    assert (flavour == "glitchtip") == ("integration" not in str(raised.value))


def test_a_detection_costs_one_request_on_a_current_server(tmp_path: Path) -> None:
    with FakeSentry(new_world(), "self-hosted") as fake_sentry:
        SyncedWarehouse(tmp_path, fake_sentry, ["acme"]).quick_sync()
        asked = [r for r in fake_sentry.requests if "limit=1&" in f"{r.query}&"]
        assert len(asked) == 1


def test_stored_events_are_read_when_asked_for(tmp_path: Path) -> None:
    for flavour in ("self-hosted", "glitchtip"):
        (tmp_path / flavour).mkdir()
        with FakeSentry(new_world(), flavour) as fake_sentry:
            warehouse = SyncedWarehouse(
                tmp_path / flavour, fake_sentry, ["acme"], {"events_per_issue": 2}
            )
            assert not warehouse.quick_sync().failures
            counts = warehouse.rows("select count(*) from raw.issue_events group by issue_id")
            assert counts == [(2,)] * 10
            assert (
                warehouse.value("select count(*) from raw.issue_events where occurred_at is null")
                == 0
            )
