"""The warehouse's marts, copied into a file of their own and compared with where they came from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.contract import (
    CONTRACT_VERSION,
    PUBLICATION_COLUMNS,
    PUBLICATION_DESCRIPTION,
    SCHEMA,
)
from pipelines.publish.open_published import PublishError
from pipelines.warehouse.attach import attach, limit, literal

# The oldest format that every client from DuckDB 1.2 on can open.
STORAGE_VERSION = "v1.2.0"

# The run that publishes is finished by publishing: the file says so before the warehouse does.
SYNC_RUNS = """
create table published.marts.sync_runs as
select
    * replace (
        case
            when run_id != $run_id then status
            when failed_organizations > 0 then 'partial'
            else 'complete'
        end as status,
        if(run_id = $run_id, $published_at::timestamp, finished_at) as finished_at,
        if(run_id = $run_id, (
            select count(*)
            from published.marts.fct_issues
            where status not in ('deleted', 'merged')
        ), issues_total) as issues_total
    ),
from warehouse.marts.sync_runs
order by started_at
"""

PUBLICATION = """
create table published.marts.publication as
select
    $published_at::timestamp as published_at,
    max(synced_at) as as_of,
    $run_id as run_id,
    $contract_version as contract_version,
    $catalog_fingerprint::varchar as catalog_fingerprint,
from published.marts.organization_freshness
"""

COMMENTS = """
select 'table' as kind, format('"{}"', table_name) as name, comment
from duckdb_tables()
where database_name = 'warehouse' and schema_name = $schema and comment is not null

union all

select 'view' as kind, format('"{}"', view_name) as name, comment
from duckdb_views()
where database_name = 'warehouse' and schema_name = $schema and comment is not null

union all

select 'column' as kind, format('"{}"."{}"', table_name, column_name) as name, comment
from duckdb_columns()
where database_name = 'warehouse' and schema_name = $schema and comment is not null
"""

TABLES = """
select table_name
from duckdb_tables()
where database_name = 'warehouse' and schema_name = $schema
"""

VIEWS = """
select view_name, sql
from duckdb_views()
where database_name = 'warehouse' and schema_name = $schema and view_name != 'sync_runs'
"""

# A view reads what is compared: it has no rows of its own.
COPIED = """
select table_name
from duckdb_tables()
where
    database_name = 'published'
    and schema_name = $schema
    and table_name not in ('sync_runs', 'publication')
order by table_name
"""


def build(warehouse: Path, file: Path, *, run_id: str, published_at: datetime) -> None:
    """Write the marts of `warehouse` to the new `file`.

    Raises PublishError where the copy is not the original, duckdb.Error where it cannot be written.
    """
    run = {"run_id": run_id, "published_at": published_at}
    with duckdb.connect() as db:
        # In a terminal it would run through the log of the program that publishes.
        db.execute("set enable_progress_bar = false")
        # Without one, DuckDB spills to the folder that the process happens to run in.
        db.execute("set temp_directory = $folder", {"folder": str(file.parent / "spill")})
        limit(db)
        attach(db, warehouse, "warehouse", "read_only")
        attach(db, file, "published", f"storage_version '{STORAGE_VERSION}'")
        db.execute("use published")
        _copy_marts(db)
        db.execute(SYNC_RUNS, run)
        db.execute(
            PUBLICATION,
            run
            | {
                "contract_version": CONTRACT_VERSION,
                "catalog_fingerprint": _catalog_fingerprint(db),
            },
        )
        _copy_comments(db)
        db.execute("checkpoint published")
        db.execute("use memory")
        db.execute("detach published")
        attach(db, file, "published", "read_only")
        _compare(db)


def _copy_marts(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(f"create schema {SCHEMA}")
    for (table,) in db.execute(TABLES, {"schema": SCHEMA}).fetchall():
        _copy_rows(db, table)
    for view, sql in db.execute(VIEWS, {"schema": SCHEMA}).fetchall():
        try:
            # DuckDB keeps a view's SQL without the name of its own catalog, and looks `marts.x` up
            # in the catalog that holds the view, whatever a reader calls it.
            db.execute(sql)
        except duckdb.CatalogException:
            # It reads what is not published, so its rows are.
            _copy_rows(db, view)


def _copy_rows(db: duckdb.DuckDBPyConnection, name: str) -> None:
    db.execute(f'create table {SCHEMA}."{name}" as from warehouse.{SCHEMA}."{name}"')


def _catalog_fingerprint(db: duckdb.DuckDBPyConnection) -> str | None:
    """Return that of the files from which the catalog was loaded, None where an earlier version did."""
    try:
        row = db.execute("select fingerprint from warehouse.seeds.loaded_files").fetchone()
    except duckdb.CatalogException:
        return None
    return str(row[0]) if row else None


def _copy_comments(db: duckdb.DuckDBPyConnection) -> None:
    publication = [
        ("table", "publication", PUBLICATION_DESCRIPTION),
        *(("column", f"publication.{n}", text) for n, text in PUBLICATION_COLUMNS.items()),
    ]
    of_dbt = db.execute(COMMENTS, {"schema": SCHEMA}).fetchall()
    for kind, name, comment in [*of_dbt, *publication]:
        db.execute(f"comment on {kind} {SCHEMA}.{name} is {literal(comment)}")


def _compare(db: duckdb.DuckDBPyConnection) -> None:
    for (name,) in db.execute(COPIED, {"schema": SCHEMA}).fetchall():
        original, copy = (_digest(db, catalog, name) for catalog in ("warehouse", "published"))
        if original != copy:
            raise PublishError(f"the copy of {name} differs from the one in the warehouse")


def _digest(db: duckdb.DuckDBPyConnection, catalog: str, name: str) -> tuple[int, int] | None:
    """Return the number of rows and a sum over all their values, in whatever order they are."""
    query = f'select count(*), sum(hash(t)) from {catalog}.{SCHEMA}."{name}" as t'
    return db.execute(query).fetchone()
