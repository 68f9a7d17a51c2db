"""A warehouse as syncs leave it, written row by row: the stage on which the dbt project is tested.

What belongs here: raw rows with believable defaults. What the models should make of them, the tests say.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.sentry.schema import RAW_TABLES

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
Row = dict[str, Any]
START = datetime(2026, 11, 2, 9)
PRODUCT_COLUMNS = (
    "product_id",
    "name",
    "parent_id",
    "description",
    "owner_team",
    "priority",
    "is_active",
)

CATALOG = """
create schema if not exists seeds;
create or replace table seeds.products (
    product_id varchar, name varchar, parent_id varchar, description varchar, owner_team varchar, priority varchar,
    is_active boolean not null, line integer
);
create or replace table seeds.project_products (
    organization varchar, project varchar, product_id varchar, line integer
);
create or replace table seeds.sla_targets (priority varchar, resolve_within_hours double, line integer);
create schema if not exists ops;
create table if not exists ops.sync_runs (
    run_id varchar, started_at timestamp, finished_at timestamp, mode varchar, status varchar, organizations integer,
    failed_organizations integer, failures varchar, requests bigint, pages bigint, retries bigint,
    seconds_rate_limited double, issues_new bigint, issues_changed bigint, issues_vanished bigint,
    issues_upserted bigint, issues_total bigint
);
create schema if not exists raw_sentry;
create table if not exists raw_sentry._dlt_loads (
    load_id varchar, schema_name varchar, status bigint, inserted_at timestamptz, schema_version_hash varchar
);
"""

DEFAULTS: dict[str, Row] = {
    "projects": {"organization_slug": "acme", "has_access": True},
    "issues": {
        "organization_slug": "acme",
        "level": "error",
        "status": "unresolved",
        "issue_category": "error",
        "event_count": 1,
        "user_count": 1,
        "first_seen_at": START - timedelta(days=1),
        "observed_at": START,
    },
    "issue_activities": {"organization_slug": "acme"},
    "issue_status_observations": {"organization_slug": "acme"},
    "project_daily_events": {"organization_slug": "acme", "event_source": "stats_v2"},
    "issue_daily_events": {"organization_slug": "acme"},
    "project_slugs": {"organization_slug": "acme", "adopted_at": START - timedelta(days=90)},
    "organization_syncs": {
        "organization_slug": "acme",
        "status": "complete",
        "mode": "incremental",
    },
}


@dataclass
class Warehouse:
    """One warehouse file with its own dbt target folder. A load replaces rows by key, as dlt does.

    `parsed` is a target folder from which dbt's parsing can be taken over.
    """

    folder: Path
    parsed: Path | None = None
    loads: int = 0

    def __post_init__(self) -> None:
        """Create every table, empty."""
        with self.connect() as db:
            db.execute(CATALOG)
            for table in RAW_TABLES:
                columns = table.schema.append(pa.field("_dlt_load_id", pa.string()))
                db.register("empty", columns.empty_table())
                db.execute(f"create table raw_sentry.{table.name} as from empty")
        if self.parsed:
            (self.folder / "target").mkdir()
            shutil.copy(self.parsed / "partial_parse.msgpack", self.folder / "target")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open the file; the caller closes it before dbt runs."""
        return duckdb.connect(str(self.folder / "warehouse.duckdb"))

    def load(
        self, *, whole: bool = True, synced_at: datetime | None = None, **tables: list[Row]
    ) -> None:
        """Load rows by table in one load, left unfinished unless `whole`, with a complete sync at `synced_at`."""
        self.loads += 1
        load_id = f"17000000{self.loads:02}.0"
        if synced_at is not None:
            sync = {"run_id": f"run-{self.loads}", "started_at": synced_at}
            tables["organization_syncs"] = [*tables.get("organization_syncs", []), sync]
        with self.connect() as db:
            for table in RAW_TABLES:
                if rows := tables.pop(table.name, []):
                    filled = [DEFAULTS.get(table.name, {}) | row for row in rows]
                    db.register("incoming", pa.Table.from_pylist(filled, schema=table.schema))
                    keys = " and ".join(f"incoming.{key} = stored.{key}" for key in table.key)
                    stored = f"raw_sentry.{table.name}"
                    db.execute(f"delete from {stored} as stored using incoming where {keys}")
                    db.execute(f"insert into {stored} select *, ? from incoming", [load_id])
            assert not tables, f"no such raw table: {', '.join(tables)}"
            if whole:
                self.finish(load_id)

    def finish(self, load_id: str | None = None) -> None:
        """Note that a load (by default the last) is whole."""
        with self.connect() as db:
            db.execute(
                "insert into raw_sentry._dlt_loads values (?, 'sentry', 0, now(), '')",
                [load_id or f"17000000{self.loads:02}.0"],
            )

    def catalog(self, products: list[Row], mapping: list[Row], targets: dict[str, float]) -> None:
        """Replace the product catalog."""
        with self.connect() as db:
            db.execute(CATALOG)
            for line, row in enumerate(products, 2):
                filled = {"name": row["product_id"].title(), "is_active": True} | row
                values = [filled.get(column) for column in PRODUCT_COLUMNS]
                db.execute(
                    "insert into seeds.products values (?, ?, ?, ?, ?, ?, ?, ?)", [*values, line]
                )
            for line, row in enumerate(mapping, 2):
                values = [row.get("organization"), row["project"], row["product_id"], line]
                db.execute("insert into seeds.project_products values (?, ?, ?, ?)", values)
            for line, (priority, hours) in enumerate(targets.items(), 2):
                db.execute(
                    "insert into seeds.sla_targets values (?, ?, ?)", [priority, hours, line]
                )

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dbt on this warehouse and return what it printed."""
        return dbt(self.folder, *arguments)

    def build(self, *arguments: str) -> None:
        """Build everything, every check of data included, and insist that all is well."""
        self.succeed("build", "--exclude-resource-type=unit_test", *arguments)

    def run(self, *models: str, full_refresh: bool = False) -> None:
        """Run these models, or all, without any check."""
        selection = ["--select", *models] if models else []
        refresh = ["--full-refresh"] if full_refresh else []
        self.succeed("run", *selection, *refresh)

    def succeed(self, *arguments: str) -> None:
        """Run dbt and insist that all is well."""
        finished = self.dbt(*arguments)
        assert finished.returncode == 0, finished.stdout[-6000:]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the query gives."""
        with self.connect() as db:
            return db.execute(query).fetchall()


def dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on the warehouse of the folder, where it also leaves its target and logs."""
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "--no-use-colors",
        *arguments,
        f"--project-dir={DBT_PROJECT}",
        f"--profiles-dir={DBT_PROJECT}",
        f"--target-path={folder / 'target'}",
        f"--log-path={folder / 'logs'}",
    ]
    # By a relative path: what was parsed for one folder holds for all.
    environment = os.environ | {"WAREHOUSE_PATH": "warehouse.duckdb"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
