"""A small world, and a Sentry that knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.fake_sentry.plain_client import Client


@pytest.fixture
def world() -> SentryWorld:
    made = SentryWorld()
    acme = made.create_organization("acme")
    team = made.create_team(acme, "shop")
    made.create_project(acme, "api", teams=[team])
    made.create_project(acme, "web", platform="javascript-react", teams=[team])
    return made


@pytest.fixture
def api(world: SentryWorld) -> Project:
    return next(p for p in world.projects.values() if p.slug == "api")


@pytest.fixture
def web(world: SentryWorld) -> Project:
    return next(p for p in world.projects.values() if p.slug == "web")


@pytest.fixture
def sentry(world: SentryWorld) -> Iterator[FakeSentry]:
    with FakeSentry(world, "self-hosted") as running:
        yield running


@pytest.fixture
def client(sentry: FakeSentry) -> Client:
    return Client(sentry)
