"""What a load of 1,000 changed issues costs into a small warehouse and into a large one: it follows what it brings.

    python benchmarks/bench_load.py

Each issue has five days of events. A load is dlt into the scratch file and the one transaction from there, as in
production, in a process of its own; the smallest of five. The large one may take 1.5 times as long as the small one.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any

SIZES = (10_000, 1_000_000)
CHANGED, DAYS, LOADS, BOUND = 1_000, 5, 5, 1.5
AS_OF = datetime(2026, 11, 23, 9)

FILL = f"""
insert into raw_sentry.issues by name
select
    n::varchar as issue_id, 'acme' as organization_slug, (n % 200)::varchar as project_id,
    'ValueError: bad input ' || n as title, 'api.views in post' as culprit, 'error' as level,
    'unresolved' as status, n % 100 as event_count, n % 10 as user_count,
    timestamp '{AS_OF}' - to_seconds(n % 7776000) as first_seen_at,
    timestamp '{AS_OF}' - to_seconds(n % 604800) as last_seen_at,
    '1700000000.0' as _dlt_load_id
from range($issues) as numbers(n);
insert into raw_sentry.issue_daily_events by name
select
    n::varchar as issue_id, date '{AS_OF.date()}' - day::integer as date_on, 'acme' as organization_slug,
    n % 9 as event_count, '1700000000.0' as _dlt_load_id
from range($issues) as numbers(n), range({DAYS}) as days(day);
"""


def fill(path: Path, issues: int, result: Connection) -> None:
    """Make a warehouse of that many issues."""
    import duckdb

    from pipelines.warehouse.load import load

    load(path, path.parent / "dlt", {})
    with duckdb.connect(str(path)) as db:
        for statement in FILL.strip().split(";\n"):
            db.execute(statement.replace("$issues", str(issues)))
    result.send(0.0)


def change(path: Path, issues: int, number: int, result: Connection) -> None:
    """Send the seconds that one load of changed issues takes, spread over the whole warehouse."""
    import pyarrow.parquet as pq

    from pipelines.sentry.rows.typed import to_arrow
    from pipelines.sentry.schema import ISSUE_DAILY_EVENTS, ISSUES, ORGANIZATION_SYNCS
    from pipelines.warehouse.load import load

    ids = [str(n) for n in range(0, issues, issues // CHANGED)][:CHANGED]
    common = {"organization_slug": "acme"}
    days: list[date] = [AS_OF.date() - timedelta(days=n) for n in range(DAYS)]
    rows = {
        ISSUES: to_arrow(ISSUES, [{"issue_id": i, "event_count": number, **common} for i in ids]),
        ISSUE_DAILY_EVENTS: to_arrow(
            ISSUE_DAILY_EVENTS,
            [{"issue_id": i, "date_on": d, "event_count": 1, **common} for i in ids for d in days],
        ),
        ORGANIZATION_SYNCS: to_arrow(
            ORGANIZATION_SYNCS, [{"run_id": f"run-{number}", "started_at": AS_OF, **common}]
        ),
    }
    files = {raw.name: path.parent / f"{raw.name}.parquet" for raw in rows}
    for raw, table in rows.items():
        pq.write_table(table, files[raw.name])
    load(path, path.parent / "dlt", {})  # imports and a first look at the file are no part of it
    started = monotonic()
    load(path, path.parent / "dlt", files)
    result.send(monotonic() - started)


def measured(call: Callable[..., None], *arguments: Any) -> float:
    """Return what the call sends from a process of its own."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=call, args=(*arguments, send))
    process.start()
    seconds: float = receive.recv()
    process.join()
    return seconds


def main() -> int:
    """Print the figures; returns 1 if the large warehouse costs too much."""
    best: dict[int, float] = {}
    # Where it is called from, since /tmp may be memory.
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-load-") as name:
        for issues in SIZES:
            path = Path(name) / str(issues) / "warehouse.duckdb"
            path.parent.mkdir()
            measured(fill, path, issues)
            best[issues] = min(measured(change, path, issues, number) for number in range(LOADS))
            size = path.stat().st_size / 1e6
            print(
                f"{issues:>9,} issues ({size:,.0f} MB): {best[issues]:.2f} s for {CHANGED:,} changed"
            )
    small, large = (best[issues] for issues in SIZES)
    print(f"large / small: {large / small:.2f} (allowed {BOUND})")
    return int(large / small > BOUND)


if __name__ == "__main__":
    sys.exit(main())
