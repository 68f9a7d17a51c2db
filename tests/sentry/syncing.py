"""Syncs as the pipeline makes them, into a warehouse of the test's own, and what the warehouse then says."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

import duckdb

from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.sentry.http.session import RetryPolicy, SentrySession
from pipelines.sentry.options import Options
from pipelines.sentry.schema import DATASET, RAW_TABLES
from pipelines.sentry.sync import Sync
from pipelines.warehouse.load import LOAD_ID, load, move
from pipelines.warehouse.lock import run_lock

# As patient as in production, only quicker.
QUICK = RetryPolicy(
    first_pause=0.001, longest_pause=0.002, rate_limit_pause=0.001, brownout_pause=0.0
)
EVERY_SYNC_FULL, NEVER_FULL_AGAIN = timedelta(0), timedelta(days=10_000)
OURS = (
    "observed_at",
    "activities_read_at",
    "first_release_read_at",
    "removed_at",
    "adopted_at",
    "_dlt_load_id",
)


@dataclass(frozen=True)
class Server:
    """The address of a Sentry that runs in another process."""

    url: str


@dataclass(frozen=True)
class Summary:
    """What a sync did, by its rows in `organization_syncs`."""

    as_of: datetime
    mode: str
    organizations: int
    failures: dict[str, str]
    requests: int
    pages: int
    retries: int
    seconds_rate_limited: float
    issues_new: int
    issues_changed: int
    issues_vanished: int


COUNTERS = [field.name for field in fields(Summary)][4:]


@dataclass
class SyncedWarehouse:
    """A DuckDB file with the syncs that fill it."""

    folder: Path
    sentry: FakeSentry | Server
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
            SentrySession(token, retry_policy=QUICK),
            self.sentry.url,
            f"run-{next(self.numbers)}",
            self.path,
            self.folder / "changes",
            organizations=self.organizations,
            options=Options(**chosen),
        )

    def sync(self, **how: Any) -> Summary:
        """Sync as the pipeline does: HTTP, dlt, DuckDB, one organization after the other."""
        sync = self.new_sync(**how)
        with run_lock(self.path, sync.run_id):
            load(self.path, self.folder / "dlt", {})
            for files in sync.loads():
                load(self.path, self.folder / "dlt", files)
        return self.summary(sync)

    def quick_sync(self, **how: Any) -> Summary:
        """The same without dlt: a tenth of the time (equal, as a test shows)."""
        sync = self.new_sync(**how)
        for files in itertools.chain([{}], sync.loads()):
            with duckdb.connect(str(self.path)) as db:
                db.execute(f"attach ':memory:' as scratch; create schema scratch.{DATASET}")
                for name, file in files.items():
                    db.execute(
                        f"create table scratch.{DATASET}.{name} as "
                        f"select *, 'quick' as {LOAD_ID} from read_parquet(?)",
                        [str(file)],
                    )
                move(db, files)
        return self.summary(sync)

    def summary(self, sync: Sync) -> Summary:
        """What the log says of a sync, all organizations together."""
        log = self.rows(
            f"select organization_slug, mode, failure, started_at, {', '.join(COUNTERS)} "
            f"from raw.organization_syncs where run_id = '{sync.run_id}'"
        )
        counts = [
            sum(filter(None, numbers)) for numbers in zip(*(row[4:] for row in log), strict=True)
        ]
        return Summary(
            as_of=log[0][3],
            mode="full" if any(mode == "full" for _, mode, *_ in log) else "incremental",
            organizations=len(log),
            failures={slug: failure for slug, _, failure, *_ in log if failure},
            **dict(zip(COUNTERS, counts, strict=True)),
        )

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

    def in_production(self) -> dict[str, bool | None]:
        return {issue_id: row["is_in_production"] for issue_id, row in self.issues().items()}

    def capabilities(self) -> dict[str, Any]:
        """What the last sync found the server able to do."""
        [(text,)] = self.rows(
            "select capabilities from raw.organization_syncs order by started_at desc, run_id desc limit 1"
        )
        found: dict[str, Any] = json.loads(text)
        return found

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


def asked(sentry: FakeSentry) -> Counter[str]:
    """How often each kind of question was asked, ids left out; forgets them."""
    found = Counter(
        "/".join("*" if part.isdigit() and part != "0" else part for part in r.path.split("/"))
        for r in sentry.requests
    )
    sentry.requests.clear()
    return found
