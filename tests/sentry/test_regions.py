"""Two servers, each with the organizations of its region; the first one knows of the other."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import SyncedWarehouse


@pytest.fixture
def far(world: SentryWorld, issues: list[Issue]) -> FakeSentry:
    world.organizations["beta"].region = "de"
    return FakeSentry(world, "saas", region="de")


def test_each_organization_is_read_in_its_region(
    far: FakeSentry, world: SentryWorld, tmp_path: Path
) -> None:
    with far, FakeSentry(world, "saas", peers=[far]) as near:
        warehouse = SyncedWarehouse(tmp_path, near)
        assert not warehouse.quick_sync().failures
        assert_true(warehouse, world)
        assert any("/beta/issues/" in r.path for r in far.requests)
        assert not any("/beta/issues/" in r.path for r in near.requests)


def test_a_region_that_is_down_fails_its_organizations_only(
    far: FakeSentry, world: SentryWorld, tmp_path: Path
) -> None:
    with far, FakeSentry(world, "saas", peers=[far]) as near:
        warehouse = SyncedWarehouse(tmp_path, near)
        warehouse.quick_sync()
        far.faults.add("503", times=math.inf)
        world.advance(hours=3)
        open_issue = next(
            i
            for i in world.issues.values()
            if i.project.organization == "acme" and i.status == "unresolved"
        )
        world.resolve(open_issue)

        report = warehouse.quick_sync(full=False)

        assert set(report.failures) == {"beta"}
        assert warehouse.issues()[open_issue.id]["status"] == "resolved"
        assert warehouse.issues().keys() == world.issues.keys()


def test_a_region_that_is_down_and_that_nobody_knows_yet_is_told(
    far: FakeSentry, world: SentryWorld, tmp_path: Path
) -> None:
    with far, FakeSentry(world, "saas", region="us", peers=[far]) as near:
        far.faults.add("503", times=math.inf)
        report = SyncedWarehouse(tmp_path, near).quick_sync()
        assert list(report.failures) == [far.url.removeprefix("http://")]
        assert report.organizations == 2
