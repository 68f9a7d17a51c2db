"""A world: the rows of every table that the models read, and how they get into a warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.sentry.schema import RAW_TABLES, TIMESTAMP

Row = dict[str, Any]

LOAD_ID = pa.field("_dlt_load_id", pa.string())

RAW_SCHEMAS = {table.name: table.schema.append(LOAD_ID) for table in RAW_TABLES}
RAW_KEYS = {table.name: table.key for table in RAW_TABLES}

SEED_SCHEMAS = {
    "products": pa.schema(
        {
            "product_id": pa.string(),
            "name": pa.string(),
            "parent_id": pa.string(),
            "description": pa.string(),
            "owner_team": pa.string(),
            "priority": pa.string(),
            "is_active": pa.bool_(),
            "line": pa.int32(),
        }
    ),
    "project_products": pa.schema(
        {
            "organization": pa.string(),
            "project": pa.string(),
            "product_id": pa.string(),
            "line": pa.int32(),
        }
    ),
    "sla_targets": pa.schema(
        {"priority": pa.string(), "resolve_within_hours": pa.float64(), "line": pa.int32()}
    ),
}

SYNC_RUNS = pa.schema(
    {
        "run_id": pa.string(),
        "started_at": TIMESTAMP,
        "finished_at": TIMESTAMP,
        "mode": pa.string(),
        "status": pa.string(),
        "organizations": pa.int32(),
        "failed_organizations": pa.int32(),
        "failures": pa.string(),
        "requests": pa.int64(),
        "pages": pa.int64(),
        "retries": pa.int64(),
        "seconds_rate_limited": pa.float64(),
        "issues_new": pa.int64(),
        "issues_changed": pa.int64(),
        "issues_vanished": pa.int64(),
        "issues_upserted": pa.int64(),
        "issues_total": pa.int64(),
    }
)


@dataclass(frozen=True)
class World:
    """Raw rows, the product catalog and the run log, as they are when the models start.

    `loads` holds (load id, when it finished) of the whole loads only; a raw row that names another
    load belongs to one that was torn.
    """

    raw: dict[str, list[Row]]
    loads: list[tuple[str, datetime]]
    products: list[Row]
    project_products: list[Row]
    sla_targets: list[Row]
    sync_runs: list[Row]

    @property
    def as_of(self) -> datetime:
        """Start of the newest complete sync whose load is whole: the contract's only clock."""
        whole = {load_id for load_id, _ in self.loads}
        return max(
            sync["started_at"]
            for sync in self.raw["organization_syncs"]
            if sync["status"] == "complete" and sync["_dlt_load_id"] in whole
        )

    def write(self, warehouse: Path) -> None:
        """Put the rows into the warehouse, replacing those of an earlier world and nothing else."""
        with duckdb.connect(str(warehouse)) as db:
            for name, schema in RAW_SCHEMAS.items():
                _replace(db, "raw_sentry", name, schema, self.raw[name])
            for name, schema in SEED_SCHEMAS.items():
                _replace(db, "seeds", name, schema, getattr(self, name))
            _replace(db, "ops", "sync_runs", SYNC_RUNS, self.sync_runs)
            db.execute(
                "create or replace table raw_sentry._dlt_loads (load_id varchar, schema_name"
                " varchar, status bigint, inserted_at timestamptz, schema_version_hash varchar)"
            )
            db.executemany(
                "insert into raw_sentry._dlt_loads values (?, 'sentry', 0, ?, 'hash')",
                [(load_id, at.replace(tzinfo=UTC)) for load_id, at in self.loads],
            )


def _replace(
    db: duckdb.DuckDBPyConnection, schema: str, name: str, columns: pa.Schema, rows: list[Row]
) -> None:
    db.execute(f"create schema if not exists {schema}")
    db.register("incoming", pa.Table.from_pylist(rows, schema=columns))
    db.execute(f"create or replace table {schema}.{name} as select * from incoming")
    db.unregister("incoming")
