"""Syncs as the pipeline makes them, into a warehouse of the test's own, and what the warehouse then says."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

import duckdb
import pyarrow as pa

from pipelines.fake_sentry.server import TOKEN, StandIn
from pipelines.sentry.atomic_load import whole_load
from pipelines.sentry.errors import SentryError, chain
from pipelines.sentry.http.session import Patience, SentrySession
from pipelines.sentry.organization_sync import Options
from pipelines.sentry.schema import RAW_TABLES, RawTable
from pipelines.sentry.source import pipeline, sentry
from pipelines.sentry.state.stored import DATASET
from pipelines.sentry.sync import Report, Sync

# As patient as in production, only quicker.
QUICK = Patience(first_pause=0.001, longest_pause=0.002, rate_limit_pause=0.001, brownout_pause=0.0)
EVERY_SYNC_FULL, NEVER_FULL_AGAIN = timedelta(0), timedelta(days=10_000)
OURS = ("observed_at", "activities_read_at", "removed_at", "adopted_at", "_dlt_load_id")


@dataclass(frozen=True)
class Server:
    """The address of a Sentry that runs in another process."""

    url: str


@dataclass
class Warehouse:
    """A DuckDB file with the syncs that fill it."""

    folder: Path
    sentry: StandIn | Server
    organizations: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def path(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def new_sync(self, *, full: bool | None = None, token: str = TOKEN, **options: Any) -> Sync:
        """A sync that has not run; `full` None leaves it to the age of the last full one."""
        chosen = {"activity_budget": 10_000} | self.options | options
        if full is not None:
            chosen["full_every"] = EVERY_SYNC_FULL if full else NEVER_FULL_AGAIN
        return Sync(
            SentrySession(token, patience=QUICK),
            self.sentry.url,
            f"run-{next(self.numbers)}",
            self.path,
            self.organizations,
            Options(**chosen),
        )

    def sync(self, **how: Any) -> Report:
        """Sync as the pipeline does: HTTP, dlt, DuckDB, all or nothing. Raises the SentryError itself."""
        sync = self.new_sync(**how)
        with whole_load(self.path):
            try:
                pipeline(self.path, self.folder / "dlt").run(sentry(sync))
            except Exception as error:
                raise _reason(error) from error
        assert sync.report is not None
        return sync.report

    def quick_sync(self, **how: Any) -> Report:
        """The same, but merged by SQL where dlt would: a tenth of the time (equal, as a test shows)."""
        sync = self.new_sync(**how)
        brought = list(sync.load())
        with duckdb.connect(str(self.path)) as db:
            db.execute("begin")
            db.execute(f"create schema if not exists {DATASET}")
            for tables in brought:
                for raw in RAW_TABLES:
                    if raw.name in tables:
                        _merge(db, raw, tables[raw.name])
            db.execute("commit")
        assert sync.report is not None
        return sync.report

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query that may say `raw` for the raw schema."""
        with duckdb.connect(str(self.path), read_only=True) as db:
            return db.execute(query.replace("raw.", f"{DATASET}.")).fetchall()

    def value(self, query: str) -> Any:
        """The one value of a query."""
        ((only,),) = self.rows(query)
        return only

    def table(self, name: str, key: str, columns: str = "*") -> dict[str, dict[str, Any]]:
        """A raw table by its key."""
        with duckdb.connect(str(self.path), read_only=True) as db:
            rows = db.sql(f"select {columns} from {DATASET}.{name}").to_arrow_table().to_pylist()
        assert len({row[key] for row in rows}) == len(rows), f"duplicates in {name}"
        return {row[key]: row for row in rows}

    def issues(self) -> dict[str, dict[str, Any]]:
        return self.table("issues", "issue_id")

    def content(self, *, but: tuple[str, ...] = OURS) -> dict[str, list[Any]]:
        """All rows of all raw tables but the log, without the columns that tell when we looked."""
        with duckdb.connect(str(self.path), read_only=True) as db:
            return {
                raw.name: sorted(
                    db.sql(
                        f"select {', '.join(c for c in raw.schema.names if c not in but)} "
                        f"from {DATASET}.{raw.name}"
                    ).fetchall(),
                    key=repr,
                )
                for raw in RAW_TABLES
                if raw.name != "organization_syncs"
            }


def _reason(error: BaseException) -> BaseException:
    return next((cause for cause in chain(error) if isinstance(cause, SentryError)), error)


def _merge(db: duckdb.DuckDBPyConnection, raw: RawTable, rows: pa.Table) -> None:
    name, keys = f"{DATASET}.{raw.name}", ", ".join(raw.key)
    load_ids = pa.array(["quick"] * len(rows), pa.string())
    db.register("arrived", rows.append_column("_dlt_load_id", load_ids))
    db.execute(f"create table if not exists {name} as from arrived limit 0")
    db.execute(f"delete from {name} where ({keys}) in (select ({keys}) from arrived)")
    db.execute(f"insert into {name} by name from arrived")
    db.unregister("arrived")
