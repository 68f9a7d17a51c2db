"""The catalog into the warehouse, where dbt finds it as the source `seeds`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.catalog.checking import Catalog

COLUMNS = {
    "products": """
        product_id varchar not null,
        name varchar not null,
        parent_id varchar,
        description varchar,
        owner_team varchar,
        priority varchar,
        is_active boolean not null,
        line integer not null
    """,
    "project_products": """
        organization varchar,
        project varchar not null,
        product_id varchar not null,
        line integer not null
    """,
    "issue_rules": """
        organization varchar,
        project varchar not null,
        field varchar not null,
        pattern varchar not null,
        product_id varchar not null,
        line integer not null
    """,
    "sla_targets": """
        priority varchar not null,
        issue_priority varchar,
        resolve_within_hours double not null,
        line integer not null
    """,
    "health_targets": """
        priority varchar,
        measure varchar not null,
        at_risk double,
        critical double,
        line integer not null
    """,
}


def load(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> tuple[str, ...]:
    """Make the tables of schema `seeds` equal the catalog, in one transaction.

    Returns the names of the tables that were replaced; one that holds the same rows already is left
    alone.
    """
    connection.begin()
    try:
        connection.execute("create schema if not exists seeds")
        replaced = tuple(
            name for name in COLUMNS if _replace(connection, name, getattr(catalog, name))
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return replaced


def note_files(connection: duckdb.DuckDBPyConnection, fingerprint: str) -> None:
    """Note of which files the catalog in the warehouse was made, by their fingerprint."""
    connection.execute(
        "create or replace table seeds.loaded_files as select $fingerprint as fingerprint",
        {"fingerprint": fingerprint},
    )


def _replace(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Any]) -> bool:
    # One Arrow table: row-wise inserts of 50,000 rows would take seconds.
    connection.execute(f"create or replace temp table incoming ({COLUMNS[name]})")
    if rows:
        columns = zip(*map(astuple, rows), strict=True)
        arrow = pa.table([pa.array(column) for column in columns], rows[0].__slots__)
        connection.register("catalog_rows", arrow)
        connection.execute("insert into incoming from catalog_rows")
        connection.unregister("catalog_rows")
    differs = not _same(connection, name)
    if differs:
        connection.execute(f"create or replace table seeds.{name} ({COLUMNS[name]})")
        connection.execute(f"insert into seeds.{name} from incoming")
    connection.execute("drop table incoming")
    return differs


def _same(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    existing = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'seeds' and table_name = ? "
        "and database_name = current_database()",
        [name],
    ).fetchone()
    if existing is None:
        return False
    described = (f"describe {table}" for table in ("incoming", f"seeds.{name}"))
    ours, theirs = (connection.execute(query).fetchall() for query in described)
    if ours != theirs:
        return False
    difference = connection.execute(
        f"""
        (from incoming except all from seeds.{name})
        union all
        (from seeds.{name} except all from incoming)
        limit 1
        """
    ).fetchone()
    return difference is None
