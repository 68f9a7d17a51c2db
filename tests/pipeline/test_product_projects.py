"""Which projects count for a product: those of its active tree, as the CSVs map them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.assets import product_projects as room
from pipelines.assets.product_projects import product_projects
from pipelines.settings import Settings

PRODUCTS = """product_id,name,parent_id,description,owner_team,priority,is_active
shop,Shop,,,shop,,true
checkout,Checkout,shop,,,,true
old,Old,shop,,,,false
older,Older,old,,,,true
"""
MAPPING = """organization,project,product_id
,web-*,checkout
beta,api,shop
,legacy,old
,ancient,older
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "products.csv").write_text(PRODUCTS)
    (tmp_path / "project_products.csv").write_text(MAPPING)
    (tmp_path / "sla_targets.csv").write_text("priority,resolve_within_hours\n")
    return Settings(data_dir=tmp_path, seeds_dir=tmp_path)


def test_a_product_counts_the_projects_of_its_active_tree_roots_first(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert product_projects(settings) == []  # nothing was synced yet
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("""
            create schema raw_sentry;
            create table raw_sentry.project_slugs (
                project_id varchar, organization_slug varchar, project_slug varchar, adopted_at timestamp
            );
            create table raw_sentry.projects as
            select * from (values
                ('1', 'acme', 'web-a', null), ('2', 'beta', 'web-b', null), ('3', 'beta', 'api', null),
                ('4', 'acme', 'legacy', null), ('5', 'acme', 'ancient', null),
                ('6', 'acme', 'web-gone', timestamp '2026-01-01'), ('7', 'acme', 'nobodys', null)
            ) as t (project_id, organization_slug, project_slug, deleted_at)
        """)
    found = {each.product_id: set(each.project_ids) for each in product_projects(settings)}
    assert found == {
        "shop": {"1", "2", "3"},
        "checkout": {"1", "2"},
        "old": {"4", "5"},
        "older": {"5"},
    }
    assert next(iter(found)) == "shop"

    monkeypatch.setattr(room, "MOST_PRODUCTS", 1)
    assert [each.product_id for each in product_projects(settings)] == ["shop"]
    assert "1 of 4 products only" in caplog.text


def test_a_catalog_with_errors_counts_nothing(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)):
        pass
    (settings.seeds / "products.csv").write_text("product_id,name\nshop\n")
    assert product_projects(settings) == []
