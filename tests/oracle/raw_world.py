"""A raw world: the rows of every table that the models read, and how they get into a warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.catalog.loading import COLUMNS
from pipelines.sentry.schema import RAW_TABLES
from pipelines.warehouse import run_log, tickets
from tests.dbt.warehouse import write_seeds

Row = dict[str, Any]

RAW_SCHEMAS = {
    table.name: table.schema.append(pa.field("_dlt_load_id", pa.string())) for table in RAW_TABLES
}
RAW_KEYS = {table.name: table.key for table in RAW_TABLES}


@dataclass(frozen=True)
class RawWorld:
    """Raw rows, the product catalog and the run log, as they are when the models start."""

    raw: dict[str, list[Row]]
    products: list[Row]
    project_products: list[Row]
    issue_rules: list[Row]
    sla_targets: list[Row]
    health_targets: list[Row]
    sync_runs: list[Row]
    tickets: list[Row]

    @property
    def as_of(self) -> datetime:
        """Start of the newest complete sync: the only clock of the published tables."""
        return max(
            sync["started_at"]
            for sync in self.raw["organization_syncs"]
            if sync["status"] == "complete"
        )

    def write(self, warehouse: Path) -> None:
        """Put the rows into the warehouse, replacing those of an earlier world and nothing else."""
        with duckdb.connect(str(warehouse)) as db:
            db.execute("create schema if not exists raw_sentry")
            for name, schema in RAW_SCHEMAS.items():
                incoming = pa.Table.from_pylist(self.raw[name], schema=schema)
                db.register("incoming", incoming)
                db.execute(f"create or replace table raw_sentry.{name} as from incoming")
            write_seeds(db, {name: getattr(self, name) for name in COLUMNS})
            db.execute(f"drop table if exists ops.sync_runs; {run_log.CREATE}; {tickets.CREATE}")
            db.register("incoming", pa.Table.from_pylist(self.sync_runs))
            db.execute("insert into ops.sync_runs by name from incoming")
            db.register("incoming", pa.Table.from_pylist(self.tickets))
            db.execute("delete from ops.tickets; insert into ops.tickets by name from incoming")
