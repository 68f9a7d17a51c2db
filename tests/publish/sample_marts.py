"""A warehouse of any size whose marts hold the published contract, made in SQL alone.

The run's id is written into several tables, so that a reader can tell whether all that it sees
comes from one publication. The file must be called `warehouse.duckdb`: its views name it, as
dbt's do.
"""

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.warehouse import run_log

AS_OF = datetime(2026, 11, 23, 9, 0, 0)

MARTS = Path(__file__).with_suffix(".sql").read_text()


def build_warehouse(
    warehouse: Path,
    published: Path,
    run_id: str,
    *,
    as_of: datetime = AS_OF,
    products: int = 12,
    projects: int = 30,
    issues: int = 400,
    days: int = 5,
) -> None:
    """Leave `warehouse` as a run looks when its checks have passed and it is about to publish."""
    run_log.begin_run(warehouse, published, run_id=run_id, started_at=as_of)
    values = {
        "stamp": run_id,
        "as_of": as_of,
        "products": products,
        "projects": projects,
        "issues": issues,
        "days": days,
    }
    with duckdb.connect(str(warehouse)) as db:
        db.execute("create schema if not exists marts; create schema if not exists raw_sentry")
        db.execute(ORGANIZATION_SYNCS, {"run_id": run_id, "as_of": as_of})
        for statement in duckdb.extract_statements(MARTS):
            wanted = statement.named_parameters
            db.execute(statement, {name: values[name] for name in wanted})
    run_log.record_extraction(warehouse, run_id)


ORGANIZATION_SYNCS = """
create or replace table raw_sentry.organization_syncs as
select
    $run_id as run_id, 'acme' as organization_slug, $as_of::timestamp as started_at, 'full' as mode,
    'complete' as status, null::varchar as failure, 12::bigint as requests, 10::bigint as pages,
    1::bigint as retries, 0.5 as seconds_rate_limited, 7::bigint as issues_new,
    3::bigint as issues_changed, 1::bigint as issues_vanished
"""
