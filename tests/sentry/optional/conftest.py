"""One organization, with two of its projects by name."""

from __future__ import annotations

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from tests.sentry.syncing import SyncedWarehouse


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
