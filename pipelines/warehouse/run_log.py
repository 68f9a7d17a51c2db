"""The run log `ops.sync_runs`: one row per sync, from its first moment to its publication.

A row is `running` from `begin_run` until its data is published; only then is it `complete` or, where an organization
failed, `partial`. A run that ended otherwise is `failed`: at once if it can still say so, else when the next one
begins. What a run read of each organization stands in `raw_sentry.organization_syncs` and nowhere else; the mart
`sync_runs` adds it up. Runs of a warehouse before this one stand in `ops.earlier_sync_runs` as they were published.
All times are naive UTC by Sentry's clock, so that the host's clock may be wrong.

Each function opens the warehouse for itself and closes it again: loads and dbt need it in between.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.sentry.http.session import TrafficCounts
from pipelines.warehouse.attach import attach, connect

logger = logging.getLogger(__name__)

CREATE = """
create schema if not exists ops;

create table if not exists ops.sync_runs (
    run_id varchar,
    started_at timestamp,
    finished_at timestamp,
    status varchar,
    failure varchar,
    issues_total bigint,
    directory_requests bigint,
    directory_pages bigint,
    directory_retries bigint,
    directory_seconds_rate_limited double,
    host_started_at timestamp
);

create table if not exists ops.earlier_sync_runs (
    run_id varchar,
    started_at timestamp,
    finished_at timestamp,
    mode varchar,
    status varchar,
    organizations integer,
    failed_organizations integer,
    failures varchar,
    requests bigint,
    pages bigint,
    retries bigint,
    seconds_rate_limited double,
    issues_new bigint,
    issues_changed bigint,
    issues_vanished bigint,
    issues_upserted bigint,
    issues_total bigint
);
"""

FINISH = """
update ops.sync_runs
set
    status = published.status,
    finished_at = published.finished_at,
    issues_total = published.issues_total
from published.marts.sync_runs as published
inner join published.marts.publication using (run_id)
where sync_runs.run_id = published.run_id
"""


def begin_run(warehouse: Path, published: Path, *, run_id: str, started_at: datetime) -> None:
    """Note that a run has started, after noting how earlier ones ended that are still `running`.

    `started_at` is UTC by Sentry's clock. Beginning the same run again starts its row anew.
    """
    with connect(warehouse) as db:
        db.execute(CREATE)
    finish_run(warehouse, published)
    with connect(warehouse) as db:
        db.execute("begin")
        db.execute("update ops.sync_runs set status = 'failed' where status = 'running'")
        db.execute("delete from ops.sync_runs where run_id = $run_id", {"run_id": run_id})
        db.execute(
            "insert into ops.sync_runs by name select $run_id as run_id, $started_at as started_at, "
            "$host as host_started_at, 'running' as status",
            {"run_id": run_id, "started_at": started_at, "host": _host_clock()},
        )
        db.execute("commit")


def record_directory(warehouse: Path, run_id: str, traffic: TrafficCounts) -> None:
    """Note what listing organizations, projects and teams has cost, the request for the time included."""
    with connect(warehouse) as db:
        db.execute(
            "update ops.sync_runs set directory_requests = ?, directory_pages = ?, "
            "directory_retries = ?, directory_seconds_rate_limited = ? where run_id = ?",
            [*traffic, run_id],
        )


def fail_run(warehouse: Path, run_id: str, failure: str) -> None:
    """Note that the run has failed, and why."""
    with connect(warehouse) as db:
        db.execute(
            "update ops.sync_runs set status = 'failed', failure = ? where run_id = ?",
            [failure, run_id],
        )


def end_run(warehouse: Path, run_id: str) -> None:
    """Note that the run has failed if it ends here without its data published."""
    with connect(warehouse) as db:
        db.execute(
            "update ops.sync_runs set status = 'failed', failure = $failure "
            "where run_id = $run_id and status = 'running'",
            {"run_id": run_id, "failure": "It stopped before its data were published."},
        )


def finish_run(warehouse: Path, published: Path) -> None:
    """Take over from the published file how the run that published it ended.

    The file alone decides it, so this is right just after a publication, and just as right in the next run when a
    process was killed between the two. A file that cannot be read decides nothing.
    """
    if not published.exists():
        return
    with connect(warehouse) as db:
        try:
            attach(db, published, "published", "read_only")
            db.execute(FINISH)
        except duckdb.Error as error:
            logger.warning("no run is marked as published: %s", error)


def sentry_clock(warehouse: Path) -> datetime:
    """Return now, in UTC by Sentry's clock: the start of the newest run plus what the host measured since.

    The host's own time where no run has ever begun.
    """
    with connect(warehouse) as db:
        db.execute(CREATE)
        row = db.execute(
            "select started_at + ($now::timestamp - host_started_at) from ops.sync_runs "
            "order by host_started_at desc limit 1",
            {"now": _host_clock()},
        ).fetchone()
    return row[0] if row else _host_clock()


def _host_clock() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
