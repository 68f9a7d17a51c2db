"""A small Sentry with two organizations, and an empty warehouse."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.syncing import SyncedWarehouse

logging.getLogger("dlt").setLevel("ERROR")


@pytest.fixture
def world() -> SentryWorld:
    """Two organizations with two projects each; 30 issues, of which every third is resolved."""
    world = SentryWorld()
    for slug in ("acme", "beta"):
        organization = world.create_organization(slug)
        team = world.create_team(organization, f"{slug}-shop")
        for name in ("api", "web"):
            project = world.create_project(organization, f"{slug}-{name}", teams=[team])
            for number in range(8):
                at = world.clock - timedelta(days=number)
                issue = world.create_issue(project, f"ValueError: {name} {number}", count=2, at=at)
                if number % 3 == 0:
                    world.resolve(issue)
    return world


@pytest.fixture
def issues(world: SentryWorld) -> list[Issue]:
    return list(world.issues.values())


@pytest.fixture
def fake_sentry(world: SentryWorld) -> Iterator[FakeSentry]:
    with FakeSentry(world, "self-hosted") as running:
        yield running


@pytest.fixture
def warehouse(tmp_path: Path, fake_sentry: FakeSentry) -> SyncedWarehouse:
    return SyncedWarehouse(tmp_path, fake_sentry, ["acme", "beta"])
