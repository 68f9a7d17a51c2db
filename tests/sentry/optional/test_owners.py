"""Owners by Sentry's own rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.fake_sentry.entities import Issue, OwnershipRule, Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.syncing import SyncedWarehouse


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
    assert warehouse.capabilities()["owners"] == "expand"

    world.advance(days=91)  # forgotten by listings, read by id
    warehouse.quick_sync(full=True)
    assert warehouse.issues()[paid.id]["owners"] == '["#acme-shop","user:7"]'


def test_a_server_that_refuses_the_question_is_asked_without_it(
    warehouse: SyncedWarehouse,
    world: SentryWorld,
    api: Project,
    fake_sentry: FakeSentry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = fake_sentry.flavour
    fake_sentry.flavour = replace(told, has_owners=False, checks_expand=True)
    assert not warehouse.quick_sync().failures
    assert {row["owners"] for row in warehouse.issues().values()} == {None}
    assert len(warehouse.issues()) == 16
    assert warehouse.capabilities()["owners"] == "missing"
    assert caplog.text.count("acme: without owners: ") == 1
    assert "Invalid expand: owners" in caplog.text

    fake_sentry.requests.clear()
    world.advance(hours=3)
    world.add_events(next(iter(api.issues.values())), 1)
    assert not warehouse.quick_sync(full=False).failures
    assert not any("expand" in r.query for r in fake_sentry.requests)

    fake_sentry.flavour = told
    world.advance(hours=3)
    warehouse.quick_sync(full=True)
    assert {row["owners"] for row in warehouse.issues().values()} == {"[]"}
    fake_sentry.flavour = replace(told, has_owners=False, checks_expand=True)
    world.advance(hours=3)
    assert not warehouse.quick_sync(full=True).failures
    assert {row["owners"] for row in warehouse.issues().values()} == {"[]"}
    assert warehouse.capabilities()["owners"] == "failed"
