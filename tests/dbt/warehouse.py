"""A warehouse as syncs leave it, written row by row: the stage on which the dbt project is tested.

What belongs here: raw rows with plausible defaults. What the models should make of them stands in the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.catalog.health_targets import with_defaults
from pipelines.catalog.loading import COLUMNS
from pipelines.sentry.schema import RAW_TABLES
from pipelines.warehouse import run_log, tickets
from tests.forked_python import forked_python

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
_parsed_in = TemporaryDirectory()
Row = dict[str, Any]
START = datetime(2026, 11, 2, 9)
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
    "project_daily_production_events": {"organization_slug": "acme"},
    "project_daily_sessions": {"organization_slug": "acme"},
    "project_slugs": {"organization_slug": "acme", "adopted_at": START - timedelta(days=90)},
    "organization_syncs": {
        "organization_slug": "acme",
        "status": "complete",
        "mode": "incremental",
    },
}


@dataclass
class WrittenWarehouse:
    """One warehouse file with its own dbt target folder. A load replaces rows by key, as dlt does."""

    folder: Path
    loads: int = 0

    def __post_init__(self) -> None:
        """Create every table, empty."""
        with self.connect() as db:
            db.execute(f"{run_log.CREATE}; {tickets.CREATE}; create schema raw_sentry")
            for table in RAW_TABLES:
                columns = table.schema.append(pa.field("_dlt_load_id", pa.string()))
                db.register("empty", columns.empty_table())
                db.execute(f"create table raw_sentry.{table.name} as from empty")
        self.catalog([], [], {})

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open the file; the caller closes it before dbt runs."""
        return duckdb.connect(str(self.folder / "warehouse.duckdb"))

    def load(self, *, synced_at: datetime | None = None, **tables: list[Row]) -> None:
        """Load rows by table in one load, with a complete sync at `synced_at`."""
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

    def catalog(
        self,
        products: list[Row],
        mapping: list[Row],
        targets: dict[str, float],
        rules: Sequence[Row] = (),
    ) -> None:
        """Replace the product catalog; health has its built-in targets."""
        named = [{"name": row["product_id"].title(), "is_active": True} | row for row in products]
        priorities = [
            {"priority": priority, "resolve_within_hours": hours}
            for priority, hours in targets.items()
        ]
        with self.connect() as db:
            write_seeds(
                db,
                {
                    "products": named,
                    "project_products": mapping,
                    "issue_rules": list(rules),
                    "sla_targets": priorities,
                    "health_targets": [asdict(target) for target in with_defaults([])],
                },
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


def write_seeds(db: duckdb.DuckDBPyConnection, tables: dict[str, list[Row]]) -> None:
    """Replace the tables of the catalog; a row without `line` has that of its place in the file."""
    db.execute("create schema if not exists seeds")
    for name, rows in tables.items():
        db.execute(f"create or replace table seeds.{name} ({COLUMNS[name]})")
        for line, row in enumerate(rows, 2):
            numbered = {"line": line} | row
            db.execute(
                f"insert into seeds.{name} ({', '.join(numbered)})"
                f" values ({', '.join('?' for _ in numbered)})",
                list(numbered.values()),
            )


def dbt(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on the warehouse of the folder, where it also leaves its target and logs.

    What it parsed for the first folder need not be parsed again for another.
    """
    target = folder / "target"
    if not target.exists():
        target.mkdir()
        shutil.copy(_parsed(), target)
    return _dbt(folder, *arguments, **environment)


@cache
def _parsed() -> Path:
    folder = Path(_parsed_in.name)
    finished = _dbt(folder, "parse")
    assert finished.returncode == 0, finished.stdout
    return folder / "target" / "partial_parse.msgpack"


def _dbt(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [
        *(forked_python(), "-m", "pipelines.models", "--no-use-colors"),
        *arguments,
        f"--project-dir={DBT_PROJECT}",
        f"--profiles-dir={DBT_PROJECT}",
        f"--target-path={folder / 'target'}",
        f"--log-path={folder / 'logs'}",
    ]
    return subprocess.run(
        command,
        cwd=DBT_PROJECT.parent,
        env=os.environ | {"WAREHOUSE_PATH": str(folder / "warehouse.duckdb"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
