"""The raw tables in the warehouse: each with the columns of its schema, and the load that brought the row."""

from __future__ import annotations

import duckdb

from pipelines.sentry.schema import DATASET, RAW_TABLES, duckdb_types

LOAD_ID = "_dlt_load_id"


def create_what_is_missing(db: duckdb.DuckDBPyConnection) -> None:
    """Create the raw tables, and the columns of them, that the open warehouse lacks."""
    db.execute(f"create schema if not exists {DATASET}")
    present = {
        (str(table), str(column))
        for table, column in db.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = current_database() and schema_name = ?",
            [DATASET],
        ).fetchall()
    }
    for raw in RAW_TABLES:
        columns = duckdb_types()[raw.name] | {LOAD_ID: "varchar"}
        if not any(table == raw.name for table, _ in present):
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            db.execute(f"create table {DATASET}.{raw.name} ({listed})")
            continue
        for name, kind in columns.items():
            if (raw.name, name) not in present:
                db.execute(f"alter table {DATASET}.{raw.name} add column {name} {kind}")
