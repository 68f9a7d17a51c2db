"""A warehouse of any size whose marts hold the published contract, made in SQL alone.

The SQL has the columns that tests look at; those that are promised beyond them are added, with no values.

The run's id is written into several tables, so that a reader can tell whether all that it sees
comes from one publication. The file must be called `warehouse.duckdb`: its views name it, as
dbt's do.
"""

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.contract import contract
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
            if " view " in statement.query.partition("\n")[0]:
                _add_promised_columns(db)
            wanted = statement.named_parameters
            db.execute(statement, {name: values[name] for name in wanted})
    run_log.record_extraction(warehouse, run_id)


def _add_promised_columns(db: duckdb.DuckDBPyConnection) -> None:
    columns = db.execute(
        "select table_name, column_name, lower(data_type) from duckdb_columns()"
        " where schema_name = 'marts' and table_name in (select table_name from duckdb_tables())"
    ).fetchall()
    found = {(table, column): kind for table, column, kind in columns}
    tables = {table for table, _ in found}
    for (table, column), kind in contract().items():
        if table in tables and (table, column) not in found:
            db.execute(f"alter table marts.{table} add column {column} {kind}")
        elif found.get((table, column), kind) != kind:
            db.execute(f"alter table marts.{table} alter column {column} set data type {kind}")


ORGANIZATION_SYNCS = """
create or replace table raw_sentry.organization_syncs as
select
    $run_id as run_id, 'acme' as organization_slug, $as_of::timestamp as started_at, 'full' as mode,
    'complete' as status, null::varchar as failure, 12::bigint as requests, 10::bigint as pages,
    1::bigint as retries, 0.5 as seconds_rate_limited, 7::bigint as issues_new,
    3::bigint as issues_changed, 1::bigint as issues_vanished
"""
