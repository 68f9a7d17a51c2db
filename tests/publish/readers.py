"""Programs that read the published file over SQLAlchemy while it is being replaced.

Three ways to connect, as BI tools and services have them:

- `path`: the file's path and the default pool, renewed after a second
- `fresh`: the file's path and a new connection for each piece of work, as Superset does
- `attach`: two pooled connections that overlap, each a private DuckDB with the file attached to it
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from pipelines.publish import read_publication

WAYS = ("path", "fresh", "attach")
RECYCLE_SECONDS = 1

# Each of them touches other tables; all of them were written by one run.
STAMPS = (
    "select distinct culprit from marts.fct_issues",
    "select distinct health_reason from marts.product_overview",
    "select distinct description from marts.dim_products",
    "select distinct culprit from marts.product_issues",
    "select max_by(run_id, started_at) from marts.sync_runs",
    "select run_id from marts.publication",
)


@dataclass
class Sightings:
    """What one reader saw."""

    way: str
    reads: int = 0
    publications: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0


def engine(target: Path, way: str) -> sa.Engine:
    if way == "fresh":
        return sa.create_engine(
            f"duckdb:///{target}", connect_args={"read_only": True}, poolclass=NullPool
        )
    if way == "path":
        return sa.create_engine(
            f"duckdb:///{target}", connect_args={"read_only": True}, pool_recycle=RECYCLE_SECONDS
        )
    attached = sa.create_engine(
        "duckdb:///:memory:", poolclass=sa.QueuePool, pool_recycle=RECYCLE_SECONDS
    )

    @sa.event.listens_for(attached, "connect")
    def attach(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        connection.execute(f"attach '{target}' as product_health (read_only)")
        connection.execute("use product_health")

    return attached


def read_until_last(
    target: Path, way: str, published_all: Event, patience: float, reports: SimpleQueue[Sightings]
) -> None:
    """Read in a loop until everything is published and the last publication has been seen."""
    report = Sightings(way)
    readers = engine(target, way)
    deadline = None
    while True:
        if published_all.is_set():
            deadline = deadline or monotonic() + patience
            if read_publication(target).run_id in report.publications[-1:]:
                break
            if monotonic() > deadline:
                report.errors.append("the last publication never arrived")
                break
        try:
            _read(readers, way, report)
        except Exception as error:
            report.errors.append(repr(error))
            break
    reports.put(report)


def _read(readers: sa.Engine, way: str, report: Sightings) -> None:
    began = monotonic()
    with ExitStack() as open_connections:
        for _ in range(2 if way == "attach" else 1):
            connection = open_connections.enter_context(readers.connect())
            # The first is asked again at the end: nothing may have changed below the connection.
            seen = {
                row for query in (*STAMPS, STAMPS[0]) for row in connection.execute(sa.text(query))
            }
            if len(seen) != 1:
                report.errors.append(f"one connection saw {seen}")
            (run_id,) = seen.pop()
            if run_id not in report.publications[-1:]:
                report.publications.append(run_id)
    report.reads += 1
    report.slowest_seconds = max(report.slowest_seconds, monotonic() - began)
