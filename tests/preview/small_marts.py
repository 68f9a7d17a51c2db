"""Marts small enough to write by hand: only the columns that a preview compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.preview.changes import (
    ATTRIBUTES,
    MEASURES,
    NUMBERS,
    TREE_MEASURES,
    Changes,
    compare,
)

Row = dict[str, Any]

RULE_TYPES = {
    "line": pa.int32(),
    **dict.fromkeys(
        ("organization_slug", "project_pattern", "field", "pattern", "product_id"), pa.string()
    ),
    "routed_issues": pa.int64(),
}

TYPES = {
    "is_active": pa.bool_(),
    **dict.fromkeys((name for name in ATTRIBUTES if name.startswith("sla_")), pa.float64()),
    "median_hours_to_resolution_30d": pa.float64(),
    "p90_hours_to_resolution_30d": pa.float64(),
    "depth": pa.int32(),
}
COLUMNS = (
    *("product_id", "parent_product_id", "path", "depth"),
    *("owner_team_source", "product_priority_source"),
    *(*ATTRIBUTES, *NUMBERS),
)


def product(product_id: str, parent: str | None = None, **values: Any) -> Row:
    """A product whose numbers are all zero but those given; `name` is its name."""
    return {
        **dict.fromkeys((*MEASURES, *(f"own_{measure}" for measure in MEASURES)), 0),
        **dict.fromkeys(TREE_MEASURES),
        "unresolved_high_issues": 0,
        "product_id": product_id,
        "parent_product_id": parent,
        "product_name": values.pop("name", product_id.title()),
        "description": None,
        "owner_team": None,
        "owner_team_source": "none",
        "product_priority": None,
        "product_priority_source": "none",
        "is_active": True,
        **dict.fromkeys(name for name in ATTRIBUTES if name.startswith("sla_")),
        "health": "healthy",
        **values,
    }


def leaf(product_id: str, parent: str | None = None, **numbers: int) -> Row:
    """A product with nothing below it: its own numbers are all that it has."""
    own = {f"own_{name}": number for name, number in numbers.items()}
    return product(product_id, parent, **numbers, **own)


def project(slug: str, product_id: str | None, *, is_deleted: bool = False) -> Row:
    """A project of the organization acme, whose id is its slug."""
    return {
        "organization_slug": "acme",
        "project_id": slug,
        "project_slug": slug,
        "product_id": product_id,
        "is_deleted": is_deleted,
    }


def issue(
    issue_id: str,
    sla_target_hours: float | None = None,
    status: str = "unresolved",
    product_id: str | None = None,
    routed_by: str = "project",
) -> Row:
    """An issue with its SLA target, its product, and what gave it that."""
    return {
        "issue_id": issue_id,
        "status": status,
        "sla_target_hours": sla_target_hours,
        "product_id": product_id,
        "routed_by": routed_by,
    }


def rule(line: int, pattern: str, product_id: str, routed_issues: int) -> Row:
    """A rule for titles in the project cart."""
    return {
        "line": line,
        "organization_slug": None,
        "project_pattern": "cart",
        "field": "title",
        "pattern": pattern,
        "product_id": product_id,
        "routed_issues": routed_issues,
    }


def changes(
    before: list[Row],
    after: list[Row],
    projects_before: Sequence[Row] = (),
    projects_after: Sequence[Row] = (),
    issues: tuple[Sequence[Row], Sequence[Row]] = ((), ()),
    rules: tuple[Sequence[Row], Sequence[Row]] = ((), ()),
) -> Changes:
    """Compare two sets of marts."""
    with duckdb.connect() as connection:
        _write(connection, "before", before, projects_before, issues[0], rules[0])
        _write(connection, "after", after, projects_after, issues[1], rules[1])
        return compare(connection, "before", "after")


def _write(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    products: Sequence[Row],
    projects: Sequence[Row],
    issues: Sequence[Row],
    rules: Sequence[Row],
) -> None:
    connection.execute(f"attach ':memory:' as {catalog}; create schema {catalog}.marts")
    by_id = {row["product_id"]: row for row in products}
    placed = []
    for row in products:
        names, parent = [row["product_name"]], row["parent_product_id"]
        while parent is not None:
            names.insert(0, by_id[parent]["product_name"])
            parent = by_id[parent]["parent_product_id"]
        placed.append(row | {"path": " > ".join(names), "depth": len(names) - 1})
    numeric = {*MEASURES, *(f"own_{measure}" for measure in MEASURES), "unresolved_high_issues"}
    schema = pa.schema(
        {name: TYPES.get(name, pa.int64() if name in numeric else pa.string()) for name in COLUMNS}
    )
    kinds = {name: pa.string() for name in project("p", None)} | {"is_deleted": pa.bool_()}
    terms = dict.fromkeys(issue("i"), pa.string()) | {"sla_target_hours": pa.float64()}
    for table, rows in (
        ("product_overview", pa.Table.from_pylist(placed, schema=schema)),
        ("dim_products", pa.Table.from_pylist(placed, schema=schema)),
        ("dim_projects", _table(projects, kinds)),
        ("fct_issues", _table(issues, terms)),
        ("issue_rules", _table(rules, RULE_TYPES)),
    ):
        connection.register("incoming", rows)
        connection.execute(f"create table {catalog}.marts.{table} as from incoming")
        connection.unregister("incoming")


def _table(rows: Sequence[Row], types: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=pa.schema(types))
