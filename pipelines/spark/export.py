"""From the warehouse to Spark, as external tables of Parquet files: only those whose rows have changed.

The files of a table lie in a folder that is named for their content. The table is pointed there when they are complete,
so that a kill at any moment leaves the old one or none, and the next export goes on.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import duckdb

from pipelines import models
from pipelines.spark.errors import SparkError
from pipelines.spark.server import Spark, location_of, quoted
from pipelines.spark.storage import Storage
from pipelines.warehouse.attach import connect, limit

# The schema of the histories, and their folder in the storage.
HISTORIES = "marts"
_ROWS_AT_A_TIME = 50_000
# Spark's types of the columns that there are. Times are UTC.
_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}


def export_sources(spark: Spark, storage: Storage, warehouse: Path) -> list[str]:
    """Bring every source of the models to Spark; returns those that had changed since the last time."""
    changed = []
    sources = sorted((source["schema"], source["name"]) for source in models.sources())
    with connect(warehouse, read_only=True) as db:
        limit(db)
        for schema in dict(sources):
            spark.run(f"create database if not exists {schema}")
            there = spark.tables(schema)
            for name in (name for of, name in sources if of == schema):
                if _export(db, spark, storage, f"{schema}.{name}", there.get(name, "")):
                    changed.append(f"{schema}.{name}")
    return changed


def export_histories(spark: Spark, storage: Storage, warehouse: Path) -> None:
    """Let the histories on Spark be those of the warehouse: models that are kept for good, and never rebuilt."""
    with connect(warehouse, read_only=True) as db:
        limit(db)
        stored = {
            name
            for (name,) in db.execute(
                "select table_name from duckdb_tables() where schema_name = $schema",
                {"schema": HISTORIES},
            ).fetchall()
        }
        for name in models.kept_for_good():
            spark.run(f"drop table if exists {HISTORIES}.{name}")
            if name in stored:
                _export(db, spark, storage, f"{HISTORIES}.{name}", "")


def _export(
    db: duckdb.DuckDBPyConnection, spark: Spark, storage: Storage, table: str, there: str
) -> bool:
    """Bring one table to Spark unless it is there, which `there` tells; returns whether it was not."""
    folder, columns = table.replace(".", "/"), _columns(db, table)
    content = _fingerprint(db, table)
    address = storage.address(f"{folder}/{content}")
    if unquote(location_of(there)) == unquote(address) and storage.holds(f"{folder}/{content}"):
        return False
    # A time of the warehouse is one in UTC, which Parquet has to say for Spark to know.
    instants = ", ".join(
        f"timezone('UTC', {name}) as {name}"
        for name, kind in columns.items()
        if kind == "TIMESTAMP"
    )
    rows = db.sql(f"select * {f'replace ({instants})' if instants else ''} from {table}")
    storage.write(f"{folder}/{content}", rows.to_arrow_reader(_ROWS_AT_A_TIME))
    listed = ", ".join(f"`{name}` {_spark_type(table, kind)}" for name, kind in columns.items())
    spark.run(f"drop table if exists {table}")
    spark.run(f"create table {table} ({listed}) using parquet location {quoted(address)}")
    storage.remove(folder, but=content)
    return True


def _columns(db: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    try:
        return {name: kind for name, kind, *_ in db.execute(f"describe {table}").fetchall()}
    except duckdb.CatalogException:
        raise SparkError(f"The warehouse has no table {table}; a sync makes it.") from None


def _fingerprint(db: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return a hash of the rows, in whatever order they are, and of the columns."""
    query = f"select md5(concat_ws(' ', count(*), sum(hash(t)), $columns)) from {table} as t"
    ((found,),) = db.execute(query, {"columns": str(_columns(db, table))}).fetchall()
    return str(found)


def _spark_type(table: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"array<{_spark_type(table, kind.removesuffix('[]'))}>"
    if kind not in _TYPES:
        raise SparkError(f"{table} has a column of type {kind}, which cannot be brought to Spark.")
    return _TYPES[kind]
