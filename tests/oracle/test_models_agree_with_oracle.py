"""The real dbt project, built on random worlds, publishes what the oracle computes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from .agreement import disagreements, marts, published
from .oracle import KEYS, expected
from .random_world import random_world
from .sentry_formulas import disagreements_with_sentry
from .world import World

ROOT = Path(__file__).parents[2]

# One world whose as_of is the first instant of a month, which also grows from sync to sync, and one
# whose last sync runs over midnight.
GROWN, OVER_MIDNIGHT = 1, 2

# What remembers the catalog as it was differs from what never knew another.
REMEMBERING = ("product_history", "project_assignment_history", "sla_compliance")


class Workshop:
    """One place where dbt builds warehouses, one after the other, so that it parses the project once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"

    def build(self, world: World) -> None:
        """Build the world in the warehouse that stands there, or in a new one."""
        world.write(self.warehouse)
        dbt = subprocess.run(
            [
                str(Path(sys.executable).with_name("dbt")),
                "build",
                # They bring their own rows, so they say the same of every world.
                *("--exclude-resource-type", "unit_test"),
                *("--project-dir", str(ROOT / "dbt_project")),
                *("--profiles-dir", str(ROOT / "dbt_project")),
                *("--target-path", str(self.folder / "target")),
                *("--log-path", str(self.folder / "logs")),
            ],
            env=os.environ
            | {
                "WAREHOUSE_PATH": str(self.warehouse),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                # A machine may be anywhere; the numbers are UTC.
                "TZ": "Pacific/Chatham",
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert dbt.returncode == 0, dbt.stdout[-6000:] + dbt.stderr[-2000:]

    def take(self, name: str) -> Path:
        """The warehouse, moved away; its views want it to keep its file name."""
        shelf = self.folder / name
        shelf.mkdir()
        return self.warehouse.rename(shelf / self.warehouse.name)


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Built warehouses; two of them hold the same world, which one saw grow by a sync."""
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    workshop.build(_before_the_last_sync())
    workshop.build(random_world(GROWN).last)
    built = {"step by step": workshop.take("step-by-step")}
    workshop.build(random_world(GROWN).last)
    built["at once"] = workshop.take("at-once")
    workshop.build(random_world(OVER_MIDNIGHT).last)
    return built | {"over midnight": workshop.take("over-midnight")}


def _before_the_last_sync() -> World:
    """The world one sync earlier, when the product catalog still said other things."""
    world = random_world(GROWN).after[-2]
    products = [product["product_id"] for product in world.products]
    return replace(
        world,
        project_products=[
            row | {"product_id": products[row["line"] % len(products)]} if row["line"] % 3 else row
            for row in world.project_products
        ],
        products=[
            row | {"owner_team": None} if row["owner_team"] == "payments" else row
            for row in world.products
        ],
    )


@pytest.mark.parametrize(("name", "seed"), [("at once", GROWN), ("over midnight", OVER_MIDNIGHT)])
def test_every_published_figure_is_what_the_oracle_computes(
    warehouses: dict[str, Path], name: str, seed: int
) -> None:
    warehouse = warehouses[name]
    answers = expected(random_world(seed).last)
    lines = [
        line
        for table, rows in answers.items()
        for line in disagreements(table, KEYS[table], rows, published(warehouse, table))
    ]
    assert lines == [], "\n".join(lines)


@pytest.mark.parametrize(("name", "seed"), [("at once", GROWN), ("over midnight", OVER_MIDNIGHT)])
def test_sentrys_own_figures_follow_from_the_published_tables(
    warehouses: dict[str, Path], name: str, seed: int
) -> None:
    warehouse = warehouses[name]
    tables = {
        table: published(warehouse, table)
        for table in ("fct_issues", "fct_issue_status_changes", "fct_project_daily")
    }
    differences, compared = disagreements_with_sentry(random_world(seed).truth, tables)
    assert differences == []
    assert compared > 100


def test_growing_sync_by_sync_ends_where_a_fresh_build_does(
    warehouses: dict[str, Path],
) -> None:
    step_by_step, at_once = warehouses["step by step"], warehouses["at once"]
    assert marts(step_by_step) == marts(at_once)
    lines = []
    for table in set(marts(at_once)) - set(REMEMBERING):
        rows = published(at_once, table)
        assert rows, table
        key = KEYS.get(table, tuple(rows[0]))
        lines += disagreements(table, key, rows, published(step_by_step, table))
    assert lines == [], "\n".join(lines)
