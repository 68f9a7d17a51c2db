"""The catalog arrives in the warehouse as it was checked, and is replaced only if it differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

import duckdb
import pytest

from pipelines.catalog import Catalog, fingerprint, load

from .small_catalog import MAPPING, MATRIX, PRODUCTS, SHOP, TARGETS, Folder

TABLES = ("products", "project_products", "issue_rules", "sla_targets", "health_targets")


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def catalog(folder: Folder) -> Catalog:
    found = folder.check().catalog
    assert found is not None
    return found


def contents(warehouse: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    return {name: warehouse.sql(f"from seeds.{name}").fetchall() for name in TABLES}


def test_the_tables_hold_the_rows_of_the_catalog(
    folder: Folder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    loaded = catalog(folder)

    assert load(warehouse, loaded) == TABLES

    assert contents(warehouse) == {
        "products": [astuple(row) for row in loaded.products],
        "project_products": [astuple(row) for row in loaded.project_products],
        "issue_rules": [],
        "sla_targets": [astuple(row) for row in loaded.sla_targets],
        "health_targets": [astuple(row) for row in loaded.health_targets],
    }
    described = warehouse.sql("describe seeds.products").fetchall()
    assert [(name, kind, null) for name, kind, null, *_ in described] == [
        ("product_id", "VARCHAR", "NO"),
        ("name", "VARCHAR", "NO"),
        ("parent_id", "VARCHAR", "YES"),
        ("description", "VARCHAR", "YES"),
        ("owner_team", "VARCHAR", "YES"),
        ("priority", "VARCHAR", "YES"),
        ("is_active", "BOOLEAN", "NO"),
        ("line", "INTEGER", "NO"),
    ]


def test_the_same_catalog_again_replaces_nothing(
    folder: Folder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    load(warehouse, catalog(folder))
    folder.write("products.csv", (PRODUCTS + SHOP).replace(",", ";").encode("utf-16"))

    assert load(warehouse, catalog(folder)) == ()


def test_only_what_differs_is_replaced(
    folder: Folder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    load(warehouse, catalog(folder))
    folder.write("sla_targets.csv", MATRIX + "high,,72\nhigh, Low,720\n")

    assert load(warehouse, catalog(folder)) == ("sla_targets",)
    assert contents(warehouse)["sla_targets"] == [
        ("high", None, 72.0, 2),
        ("high", "low", 720.0, 3),
    ]


def test_a_table_that_becomes_empty_is_emptied(
    folder: Folder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    load(warehouse, catalog(folder))
    folder.write("sla_targets.csv", TARGETS)
    folder.write("project_products.csv", MAPPING)

    assert load(warehouse, catalog(folder)) == ("project_products", "sla_targets")
    assert contents(warehouse)["project_products"] == []


def test_a_table_of_another_shape_is_replaced(
    folder: Folder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    warehouse.execute("create schema seeds; create table seeds.products (product_id integer)")

    assert load(warehouse, catalog(folder)) == TABLES


def test_a_load_that_fails_changes_nothing(
    folder: Folder, warehouse: duckdb.DuckDBPyConnection
) -> None:
    load(warehouse, catalog(folder))
    before = contents(warehouse)
    warehouse.execute(
        "drop table seeds.sla_targets; create view seeds.sla_targets as select 1 as line"
    )
    before["sla_targets"] = [(1,)]
    folder.write("products.csv", PRODUCTS + SHOP + "new,New,shop,,,,\n")

    with pytest.raises(duckdb.Error):
        load(warehouse, catalog(folder))

    assert contents(warehouse) == before


def test_the_fingerprint_follows_the_bytes_and_nothing_else(folder: Folder) -> None:
    first = fingerprint(folder.path)
    seen = {first}

    (folder.path / "notes.txt").write_text("not one of them")
    (folder.path / "products.csv").touch()
    assert fingerprint(folder.path) == first

    for change in [(PRODUCTS + SHOP).encode() + b"\n", b"", None]:
        folder.write("products.csv", change)
        seen.add(fingerprint(folder.path))
    assert len(seen) == 4

    folder.write("products.csv", PRODUCTS + SHOP)
    assert fingerprint(folder.path) == first


def test_bytes_that_move_from_one_file_to_the_next_change_the_fingerprint(folder: Folder) -> None:
    folder.write("products.csv", "ab")
    folder.write("project_products.csv", "c")
    first = fingerprint(folder.path)
    folder.write("products.csv", "a")
    folder.write("project_products.csv", "bc")

    assert fingerprint(folder.path) != first
