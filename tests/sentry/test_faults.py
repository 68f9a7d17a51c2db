"""Whatever goes wrong on the way ends in the truth or in a clear error, never in silence."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.errors import SentryError, TokenRefusedError
from pipelines.sentry.read import issues as reader
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import SyncedWarehouse

PASSING = ("429", "500", "502", "503", "504", "query_timeout_400", "truncated", "reset", "410")
ANY = (*PASSING, "empty_page_more", "html_200", "repeat_cursor")
LISTING = r"/organizations/acme/issues/\?"


@pytest.mark.parametrize("fault", [*PASSING, "empty_page_more"])
def test_trouble_that_passes_leaves_the_truth(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld, fault: str
) -> None:
    planned = fake_sentry.faults.add(fault, LISTING, after=1, times=1 if fault == "410" else 3)

    report = warehouse.quick_sync()

    assert not report.failures
    assert planned.played >= 1
    assert report.retries >= (fault != "empty_page_more")
    assert_true(warehouse, world)


@pytest.mark.parametrize(
    "fault", ["500", "truncated", "reset", "repeat_cursor", "html_200", "org_down", "429"]
)
def test_an_organization_that_fails_keeps_its_rows_and_the_others_go_on(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    issues: list[Issue],
    fault: str,
) -> None:
    warehouse.quick_sync()
    before = warehouse.content()
    world.advance(hours=3)
    for issue in issues:
        if issue.status == "unresolved":
            world.resolve(issue)
    for project in list(world.projects.values()):
        world.rename_project(project, f"{project.slug}-renamed")
    # Past the first page of the project list, the detection and the first listing.
    fake_sentry.faults.add(fault, "/organizations/acme/issues/", after=2, times=math.inf)

    report = warehouse.quick_sync(full=False)

    assert set(report.failures) == {"acme"}
    assert "acme" in report.failures["acme"]
    after = warehouse.content()
    for table in ("issues", "projects", "teams", "project_slugs", "issue_activities"):
        kept = [row for row in after[table] if "acme" in row]
        assert kept == [row for row in before[table] if "acme" in row], table
    assert not warehouse.rows(
        "from raw.issues where status = 'unresolved' and organization_slug = 'beta'"
    )
    log = warehouse.rows(
        "select organization_slug, status, failure is null from raw.organization_syncs "
        "where run_id = 'run-2' order by 1"
    )
    assert log == [("acme", "failed", False), ("beta", "complete", True)]

    fake_sentry.faults.clear()
    assert not warehouse.quick_sync(full=True).failures
    assert_true(warehouse, world)


def test_a_token_revoked_in_the_middle_fails_what_is_left_and_says_what_to_do(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld
) -> None:
    warehouse.quick_sync()
    world.advance(hours=3)
    fake_sentry.faults.add("revoke_token", "/organizations/beta/issues/", after=1)

    report = warehouse.quick_sync()

    assert set(report.failures) == {"beta"}
    assert "SENTRY_AUTH_TOKEN" in report.failures["beta"]
    with pytest.raises(SentryError, match="SENTRY_AUTH_TOKEN"):
        warehouse.quick_sync()


def test_an_organization_that_wants_single_sign_on_fails_alone_and_says_so(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry
) -> None:
    fake_sentry.faults.add("sso_401", "/organizations/beta/", times=math.inf)
    report = warehouse.quick_sync()
    assert set(report.failures) == {"beta"}
    assert "SSO" in report.failures["beta"]
    assert len(warehouse.issues()) == 16

    warehouse.organizations = ["beta"]
    with pytest.raises(TokenRefusedError, match="SSO"):
        warehouse.quick_sync()


def test_a_token_that_all_refuse_ends_the_run_and_says_what_to_do(
    warehouse: SyncedWarehouse,
) -> None:
    with pytest.raises(TokenRefusedError, match="SENTRY_AUTH_TOKEN"):
        warehouse.quick_sync(token="mistyped")


def test_when_no_organization_can_be_synced_the_warehouse_stays_and_the_run_fails(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry
) -> None:
    warehouse.sync()
    before = warehouse.content()
    fake_sentry.faults.add("500", "/issues/", times=math.inf)

    with pytest.raises(SentryError, match=r"No organization could be synced\. acme: .*beta: "):
        warehouse.sync()

    assert warehouse.content() == before


@pytest.mark.parametrize(
    ("endpoint", "field", "value", "words"),
    [
        (LISTING, "lifetime", "many", "issues.lifetime"),
        (LISTING, "project", "api", "issues.project"),
        (LISTING, "title", 5, "issues.title"),
        (LISTING, "stats", {"14d": [["now", None]]}, "issues.stats"),
        ("/acme/issues/.*/activities/", "type", [7], "issue_activities.type"),
        ("/acme/stats_v2/", "groups", "many", "project_daily_events"),
        ("/acme/projects/", "slug", None, "projects.slug"),
        ("/acme/teams/", "memberCount", "few", "teams.memberCount"),
    ],
)
def test_a_field_of_another_type_fails_loudly_by_name(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    endpoint: str,
    field: str,
    value: Any,
    words: str,
) -> None:
    fake_sentry.faults.add("changed_type", endpoint, times=math.inf, field=field, value=value)

    report = warehouse.quick_sync()

    assert set(report.failures) == {"acme"}
    assert words in report.failures["acme"]


def test_what_is_new_in_the_api_is_kept(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry
) -> None:
    fake_sentry.faults.add("unknown_field", LISTING, times=math.inf, field="mood", value="grim")
    fake_sentry.faults.add(
        "unknown_enum", "/organizations/beta/issues/", times=math.inf, value="asleep"
    )

    assert not warehouse.quick_sync().failures

    assert warehouse.rows(
        "select distinct other_fields from raw.issues where organization_slug = 'acme'"
    ) == [('{"mood":"grim"}',)]
    assert warehouse.rows(
        "select distinct status from raw.issues where organization_slug = 'beta'"
    ) == [("asleep",)]


def test_a_listing_that_came_too_slowly_to_be_trusted_is_read_in_parts(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "SUSPICIOUS_SECONDS", 0.3)
    # Cut short in silence, as Sentry does after 30 s.
    fake_sentry.faults.add("slow", LISTING, after=1, times=1, seconds=0.4)

    assert not warehouse.quick_sync().failures

    listings = [r for r in fake_sentry.requests if r.path == "/api/0/organizations/acme/issues/"]
    assert len(listings) >= 4
    assert_true(warehouse, world)


def test_a_server_that_is_always_too_slow_is_given_up_with_a_clear_error(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SUSPICIOUS_SECONDS", 0.0)

    with pytest.raises(SentryError, match="may have cut the listing short"):
        warehouse.quick_sync()

    assert len(fake_sentry.requests) < 100


@pytest.mark.parametrize("seed", range(4))
def test_random_trouble_ends_in_the_truth_or_in_an_error_and_the_next_sync_mends_it(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    issues: list[Issue],
    seed: int,
) -> None:
    fake_sentry.faults.seed = seed
    fake_sentry.faults.__post_init__()
    for issue in issues[seed::4]:
        fake_sentry.faults.add(ANY, times=math.inf, probability=0.2)
        world.resolve(issue)
        world.advance(hours=3)
        complaint = attempt(warehouse)
        fake_sentry.faults.clear()
        if complaint is None:
            assert_true(warehouse, world)
        else:
            assert complaint
    assert attempt(warehouse) is None
    assert_true(warehouse, world)


def attempt(warehouse: SyncedWarehouse) -> str | None:
    """Sync in full; what went wrong, None for nothing."""
    try:
        return " ".join(warehouse.quick_sync(full=True).failures.values()) or None
    except SentryError as error:
        return str(error)
