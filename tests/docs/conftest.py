"""One published file, of a random Sentry under the example catalog, whose products the queries name."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog import check
from pipelines.publish import publish
from pipelines.settings import EXAMPLE
from tests.dbt.warehouse import dbt
from tests.oracle.random_world import random_world

ROOT = Path(__file__).parents[2]
SEED = 3


@dataclass(frozen=True)
class PublishedFile:
    """A published file, and the manifest of the dbt project that made it."""

    file: Path
    manifest: dict[str, Any]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> PublishedFile:
    folder = tmp_path_factory.mktemp("published")
    catalog = check(EXAMPLE, ()).catalog
    assert catalog is not None
    tables = ("products", "project_products", "sla_targets", "health_targets")
    world = random_world(SEED).last
    products = [product.product_id for product in catalog.products]
    world = replace(
        world,
        issue_rules=[
            rule | {"product_id": products[rule["line"] % len(products)]}
            for rule in world.issue_rules
        ],
        **{name: [asdict(row) for row in getattr(catalog, name)] for name in tables},
    )
    warehouse, file = folder / "warehouse.duckdb", folder / "product_health.duckdb"
    world.write(warehouse)
    built = dbt(folder, "run")
    assert built.returncode == 0, built.stdout[-6000:]
    publish(warehouse, file, run_id=world.sync_runs[-1]["run_id"], published_at=world.as_of)
    return PublishedFile(file, json.loads((folder / "target" / "manifest.json").read_text()))
