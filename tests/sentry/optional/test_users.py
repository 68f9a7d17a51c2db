"""Unique users of products."""

from __future__ import annotations

from datetime import timedelta

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.sentry.read.product_users import ProductProjects
from tests.sentry.syncing import SyncedWarehouse


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
