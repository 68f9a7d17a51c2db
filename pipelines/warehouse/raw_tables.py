"""The raw tables in the warehouse: each with the columns of its schema, and the load that brought the row."""

from __future__ import annotations

import duckdb

from pipelines.sentry.schema import DATASET, RAW_TABLES, RawTable

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
        columns = _columns(db, raw)
        if not any(table == raw.name for table, _ in present):
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            db.execute(f"create table {DATASET}.{raw.name} ({listed})")
            continue
        for name, kind in columns.items():
            if (raw.name, name) not in present:
                db.execute(f"alter table {DATASET}.{raw.name} add column {name} {kind}")


def _columns(db: duckdb.DuckDBPyConnection, raw: RawTable) -> dict[str, str]:
    db.register("empty", raw.schema.empty_table())
    described = db.execute("describe from empty").fetchall()
    db.unregister("empty")
    return {str(name): str(kind) for name, kind, *_ in described} | {LOAD_ID: "varchar"}
