"""The run log `ops.sync_runs`: one row per sync, from its first moment to its publication.

A row is `running` from `begin_run` until its data is published; only then is it `complete` or,
where an organization failed, `partial`. A run that ended otherwise becomes `failed` when the next
one begins. All times are naive UTC by Sentry's clock, so that the host's clock may be wrong.

Each function opens the warehouse for itself and closes it again: dlt and dbt need it in between.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.publish.sql import attach

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
"""

# The source has written one row per organization; the run is their sum.
EXTRACTION = """
update ops.sync_runs
set
    mode = extraction.mode,
    organizations = extraction.organizations,
    failed_organizations = extraction.failed_organizations,
    failures = extraction.failures,
    requests = extraction.requests,
    pages = extraction.pages,
    retries = extraction.retries,
    seconds_rate_limited = extraction.seconds_rate_limited,
    issues_new = extraction.issues_new,
    issues_changed = extraction.issues_changed,
    issues_vanished = extraction.issues_vanished,
    issues_upserted = extraction.issues_new + extraction.issues_changed
from (
    select
        if(bool_and(mode = 'full'), 'full', 'incremental') as mode,
        count(*) as organizations,
        count(*) filter (where status = 'failed') as failed_organizations,
        string_agg(organization_slug || ': ' || failure, '; ' order by organization_slug)
            filter (where status = 'failed') as failures,
        coalesce(sum(requests), 0) as requests,
        coalesce(sum(pages), 0) as pages,
        coalesce(sum(retries), 0) as retries,
        coalesce(sum(seconds_rate_limited), 0) as seconds_rate_limited,
        coalesce(sum(issues_new), 0) as issues_new,
        coalesce(sum(issues_changed), 0) as issues_changed,
        coalesce(sum(issues_vanished), 0) as issues_vanished
    from raw_sentry.organization_syncs
    where run_id = $run_id
) as extraction
where sync_runs.run_id = $run_id
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
    """Note that a run has started, after settling what earlier processes left `running`.

    `started_at` is UTC by Sentry's clock. Beginning the same run again starts its row anew.
    """
    with duckdb.connect(str(warehouse)) as db:
        db.execute(CREATE)
    finish_run(warehouse, published)
    fail_unfinished(warehouse)
    with duckdb.connect(str(warehouse)) as db:
        db.execute("begin")
        db.execute("delete from ops.sync_runs where run_id = $run_id", {"run_id": run_id})
        db.execute(
            """
            insert into ops.sync_runs by name
            select
                $run_id as run_id,
                $started_at as started_at,
                $host as host_started_at,
                'running' as status
            """,
            {"run_id": run_id, "started_at": started_at, "host": _host_clock()},
        )
        db.execute("commit")


def record_extraction(warehouse: Path, run_id: str) -> None:
    """Sum up what the source wrote to `raw_sentry.organization_syncs` for this run."""
    with duckdb.connect(str(warehouse)) as db:
        db.execute(EXTRACTION, {"run_id": run_id})


def finish_run(warehouse: Path, published: Path) -> None:
    """Take over from the published file how the run that published it ended.

    The file alone decides it, so this is right just after a publication, and just as right in the
    next run when a process was killed between the two. A file that cannot be read decides nothing.
    """
    if not published.exists():
        return
    with duckdb.connect(str(warehouse)) as db:
        try:
            attach(db, published, "published", "read_only")
            db.execute(FINISH)
        except duckdb.Error as error:
            logger.warning("no run is marked as published: %s", error)


def fail_unfinished(warehouse: Path) -> None:
    """Mark every run that is still `running` as `failed`; when it ended is not known."""
    with duckdb.connect(str(warehouse)) as db:
        db.execute("update ops.sync_runs set status = 'failed' where status = 'running'")


def sentry_clock(warehouse: Path) -> datetime:
    """Now, in UTC by Sentry's clock: the start of the newest run plus what the host measured since.

    The host's own time where no run has ever begun.
    """
    with duckdb.connect(str(warehouse)) as db:
        db.execute(CREATE)
        row = db.execute(
            """
            select started_at + ($now::timestamp - host_started_at)
            from ops.sync_runs
            order by host_started_at desc
            limit 1
            """,
            {"now": _host_clock()},
        ).fetchone()
    return row[0] if row else _host_clock()


def _host_clock() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
