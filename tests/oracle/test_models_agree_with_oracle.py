"""The real dbt project, built on random worlds, publishes what the oracle computes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.dbt.warehouse import dbt

from .comparison import columns, disagreements, marts, passed_on_wrongly, published
from .oracle import KEYS, expected
from .random_world import GROWN, OVER_MIDNIGHT, random_world
from .raw_world import RawWorld, Row
from .sentry_formulas import disagreements_with_sentry

# Warehouses by how they were built.
BUILT = ("step by step", "at once", "over midnight")

# What remembers the catalog as it was differs from what never knew another.
REMEMBERING = (
    "product_history",
    "product_health_history",
    "project_assignment_history",
    "sla_compliance",
)
# So does what goes by the terms with which the months closed.
BY_TERMS = (
    "late_issues",
    "own_late_issues",
    "sla_met_ratio",
    "sla_met_ratio_30d",
    "sla_met_ratio_previous_30d",
)

# Tables that only pass on, or add up what one sync wrote: dbt's own tests have them.
NOT_COMPUTED = {"organization_freshness", "sync_runs"}

# What the oracle does not compute is passed on from here, key by key, under the same name.
PASSED_ON = {
    "fct_issues": {"staging.stg_sentry__issues": "issue_id"},
    "dim_projects": {"staging.stg_sentry__projects": "project_id"},
    "product_issues": {"marts.fct_issues": "issue_id"},
    "product_movers": {"marts.fct_issues": "issue_id"},
    "triage_queue": {"marts.fct_issues": "issue_id", "marts.dim_products": "product_id"},
}
# The newest load of all that is known of the issue, not of its row alone.
OTHER_LOADS = {"fct_issues": {"_dlt_load_id"}}


class Workshop:
    """One place where dbt builds warehouses, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"

    def build(self, world: RawWorld, *command: str) -> None:
        """Build the world in the warehouse that stands there, or in a new one."""
        world.write(self.warehouse)
        built = dbt(
            self.folder,
            *command,
            TZ="Pacific/Chatham",  # a machine may be anywhere; the numbers are UTC
        )
        assert built.returncode == 0, built.stdout[-6000:] + built.stderr[-2000:]

    def take(self, name: str) -> Path:
        """The warehouse, moved away; its views want it to keep its file name."""
        shelf = self.folder / name
        shelf.mkdir()
        return self.warehouse.rename(shelf / self.warehouse.name)


def worlds_of(name: str) -> tuple[RawWorld, ...]:
    """The worlds that a warehouse was built of, oldest first."""
    last = random_world(OVER_MIDNIGHT if name == "over midnight" else GROWN).last
    if name == "step by step":
        return _before_the_last_sync(), _before_the_last_edit(), last
    return (last,)


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Built warehouses; two of them hold the same world, which one saw grow by a sync."""
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    built = {}
    for name in BUILT:
        *earlier, last = worlds_of(name)
        for world in earlier:
            workshop.build(world, "run")
        # Unit tests bring their own rows, so they say the same of every world.
        workshop.build(last, "build", "--exclude-resource-type=unit_test")
        built[name] = workshop.take(name.replace(" ", "-"))
    return built


def _before_the_last_sync() -> RawWorld:
    """The world one sync earlier, when the product catalog still said other things.

    One product was not there yet, another still was, and one has moved from there; names, owners,
    priorities, targets and assignments have changed.
    """
    world = random_world(GROWN).after[-2]
    parents = {product["parent_id"] for product in world.products}
    newcomer, moved, *_ = [
        product["product_id"]
        for product in world.products
        if product["product_id"] not in parents and product["parent_id"]
    ]
    bygone: Row = dict.fromkeys(world.products[0]) | {
        "product_id": "bygone",
        "name": "Bygone",
        "priority": "high",
        "is_active": True,
        "line": 1,
    }
    products = [
        bygone,
        *(
            _as_it_was(row) | ({"parent_id": "bygone"} if row["product_id"] == moved else {})
            for row in world.products
            if row["product_id"] != newcomer
        ),
    ]
    ids = [product["product_id"] for product in products]
    return replace(
        world,
        products=products,
        project_products=[
            row | {"product_id": ids[row["line"] % len(ids)]}
            if row["line"] % 3 or row["product_id"] == newcomer
            else row
            for row in world.project_products
        ],
        issue_rules=[
            row | {"product_id": ids[row["line"] % len(ids)]}
            for row in world.issue_rules
            if row["line"] % 4
        ],
        sla_targets=[
            row | {"resolve_within_hours": row["resolve_within_hours"] / 2}
            for row in world.sla_targets
            if row["priority"] != "medium" and row["issue_priority"] != "low"
        ],
    )


def _before_the_last_edit() -> RawWorld:
    """The whole world, but for a catalog that was put right before the next sync."""
    world = random_world(GROWN).last
    slip: Row = world.products[0] | {"product_id": "slip", "name": "Slip"}
    return replace(
        world,
        products=[slip, *({**row, "priority": "critical"} for row in world.products)],
        project_products=[
            row if row["line"] % 2 else row | {"product_id": "slip"}
            for row in world.project_products
        ],
        # In another order, other rules are the last that match.
        issue_rules=[
            row | {"line": line} for line, row in enumerate(reversed(world.issue_rules), start=2)
        ],
    )


def _as_it_was(product: Row) -> Row:
    before = {"payments": None, "identity": "data"}
    return product | {
        "owner_team": before.get(product["owner_team"], product["owner_team"]),
        "name": "Alpha Classic" if product["name"] == "Alpha" else product["name"],
        "priority": {"high": None, "low": "critical"}.get(product["priority"], product["priority"]),
    }


@pytest.mark.parametrize("name", BUILT)
def test_every_published_figure_is_what_the_oracle_computes(
    warehouses: dict[str, Path], name: str
) -> None:
    *earlier, last = worlds_of(name)
    lines = [
        line
        for table, rows in expected(last, *earlier).items()
        for line in disagreements(table, KEYS[table], rows, published(warehouses[name], table))
    ]
    assert lines == [], "\n".join(lines)


def test_every_published_column_is_computed_by_the_oracle_or_passed_on_as_it_is(
    warehouses: dict[str, Path],
) -> None:
    computed = {
        table: set.union(*(set(row) for row in rows))
        for table, rows in expected(random_world(GROWN).last).items()
    }
    found = columns(warehouses["at once"])
    assert found.keys() - computed.keys() == NOT_COMPUTED
    left = {
        table: names - computed[table] - OTHER_LOADS.get(table, set())
        for table, names in found.items()
        if table in computed
    }
    assert all(computed[table] <= found[table] for table in computed)
    assert {table for table, names in left.items() if names} == PASSED_ON.keys()
    assert [
        wrong
        for table, sources in PASSED_ON.items()
        for wrong in passed_on_wrongly(warehouses["at once"], table, left[table], sources)
    ] == []


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
        rows = [
            {column: value for column, value in row.items() if column not in BY_TERMS}
            for row in published(at_once, table)
        ]
        assert rows, table
        key = KEYS.get(table, tuple(rows[0]))
        lines += disagreements(table, key, rows, published(step_by_step, table))
    assert lines == [], "\n".join(lines)
