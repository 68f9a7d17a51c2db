"""The whole path: Sentry over HTTP, dlt, DuckDB, dbt, published file, as the one Dagster job."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines import models
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.fake_sentry.simulation import simulate
from pipelines.warehouse.lock import run_lock
from tests.pipeline import walk
from tests.pipeline.conftest import Deployment, failure_texts


def expected_overview(
    world: SentryWorld, seeds: Path
) -> tuple[dict[str, dict[str, object]], set[str]]:
    products = walk.read_products(seeds)
    unassigned = walk.assign(world, products, seeds)
    targets = walk.read_targets(seeds)
    numbers = {
        product_id: walk.overview(world, product, targets, "own_")
        | walk.overview(world, product, targets, "")
        for product_id, product in products.items()
    }
    return numbers, {project.slug for project in unassigned}


def assert_published_is_true(deployment: Deployment, world: SentryWorld) -> None:
    expected, unassigned = expected_overview(world, deployment.seeds)
    rows = {row["product_id"]: row for row in deployment.read("from marts.product_overview")}
    assert rows.keys() == expected.keys()
    wrong = {
        (product_id, column, rows[product_id][column], value)
        for product_id, numbers in expected.items()
        for column, value in numbers.items()
        if rows[product_id][column] != (pytest.approx(value) if isinstance(value, float) else value)
    }
    assert not wrong
    listed = deployment.read("select project_slug from marts.unassigned_projects")
    assert {row["project_slug"] for row in listed} == unassigned


def test_every_number_equals_a_plain_walk_over_the_true_state(
    first: Deployment, world: SentryWorld
) -> None:
    assert_published_is_true(first, world)


def test_parts_sum_to_the_whole(first: Deployment) -> None:
    [row] = first.read("""
        select
            (select sum(own_total_issues) from marts.product_overview) as own,
            (select count(*) from marts.fct_issues where product_id is null
                and status not in ('deleted', 'merged')) as unassigned,
            (select count(*) from marts.fct_issues where status not in ('deleted', 'merged')) as live
    """)
    assert row["own"] + row["unassigned"] == row["live"] > 0


def test_a_second_run_fetches_only_what_changed_and_is_as_true(
    deployment: Deployment, sentry: FakeSentry, world: SentryWorld
) -> None:
    simulate(world, hours=3)
    result = deployment.run()
    assert result.success, failure_texts(result)
    assert_published_is_true(deployment, world)
    full, incremental = deployment.read("from marts.sync_runs order by started_at")
    assert (full["mode"], incremental["mode"]) == ("full", "incremental")
    assert incremental["issues_upserted"] < full["issues_upserted"] / 10
    assert incremental["requests"] < full["requests"] / 3
    assert incremental["status"] == "complete"
    assert incremental["finished_at"] > incremental["started_at"] > full["finished_at"]
    assert_lineage(result)


def assert_lineage(result: dg.ExecuteInProcessResult) -> None:
    """The lineage knows what every column of a mart is made of, and how many rows a table has."""
    kinds = {node["name"]: node["config"]["materialized"] for node in models.nodes("model")}
    views = {name for name, kind in kinds.items() if kind == "view"}
    for event in result.get_asset_materialization_events():
        if event.asset_key.path[0] == "marts":
            made = event.materialization.metadata
            assert event.asset_key.path[-1] in views or "dagster/row_count" in made, event.asset_key
            assert any(made["dagster/column_lineage"].value.deps_by_column.values()), (
                event.asset_key
            )


def test_a_broken_catalog_stops_the_run_and_leaves_what_is_published(
    deployment: Deployment,
) -> None:
    before = deployment.published.read_bytes()
    products = deployment.seeds / "products.csv"
    products.write_text(
        products.read_text(encoding="utf-8").replace(
            "ecommerce,E-commerce Platform,,", "ecommerce,E-commerce Platform,checkout-flow,"
        ),
        encoding="utf-8",
    )
    result = deployment.run("rebuild_marts")
    assert not result.success
    assert "products.csv:" in failure_texts(result)
    assert "ecommerce > payments > checkout-flow > ecommerce" in failure_texts(result)
    assert deployment.published.read_bytes() == before


def test_a_run_without_a_token_says_what_to_do(deployment: Deployment) -> None:
    before = deployment.published.read_bytes()
    result = deployment.run(SENTRY_AUTH_TOKEN=" ")
    assert not result.success
    assert "SENTRY_AUTH_TOKEN is not set. Copy .env.example to .env" in failure_texts(result)
    assert deployment.published.read_bytes() == before


def test_a_run_beside_another_says_that_one_is_under_way(
    deployment: Deployment, sentry: FakeSentry
) -> None:
    before = deployment.published.read_bytes()
    with run_lock(deployment.warehouse, "run 1"):
        result = deployment.run()
    assert not result.success
    assert f"Another run is under way in {deployment.data}: run 1" in failure_texts(result)
    assert "Traceback" not in failure_texts(result)
    assert sentry.requests == []
    assert deployment.published.read_bytes() == before


def test_the_token_is_in_no_file_of_the_data_folder(first: Deployment) -> None:
    files = [path for path in first.data.rglob("*") if path.is_file()]
    assert first.published in files
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []
