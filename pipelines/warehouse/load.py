"""One load: the rows of one organization, through dlt into a scratch file, from there in one transaction.

dlt writes table by table. A process that is killed in between leaves a scratch file that nobody reads; the warehouse
sees all rows of the load, with the row of `organization_syncs` that says so, or none. The cost follows the rows
moved, not the warehouse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.sentry.errors import is_disk_full
from pipelines.sentry.schema import DATASET, ORGANIZATION_SYNCS, RAW_TABLES, RawTable
from pipelines.sentry.source import pipeline, sentry
from pipelines.warehouse.attach import attach, connect, limit
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.raw_tables import LOAD_ID, create_what_is_missing


def load(warehouse: Path, working_folder: Path, files: Mapping[str, Path]) -> None:
    """Bring the rows of Parquet files (by raw table) into `raw_sentry`, all or none; a row replaces the one of its key.

    Raw tables and columns that the warehouse lacks are made. Raises WarehouseError when the disk is full.
    """
    scratch = working_folder / "scratch.duckdb"
    with _disk_full_explained(warehouse):
        try:
            if files:
                _remove(scratch)
                pipeline(scratch, working_folder).run(sentry(files))
            with connect(warehouse) as db:
                limit(db)
                if files:
                    attach(db, scratch, "scratch", "read_only")
                move(db, files)
        finally:
            _remove(scratch)


def move(db: duckdb.DuckDBPyConnection, names: Collection[str]) -> None:
    """Move the named raw tables from the attached `scratch` into `raw_sentry`, in one transaction."""
    db.execute("begin")
    create_what_is_missing(db)
    for raw in RAW_TABLES:
        if raw.name in names:
            _replace(db, raw)
    db.execute("commit")


def _replace(db: duckdb.DuckDBPyConnection, raw: RawTable) -> None:
    stored, brought = f"{DATASET}.{raw.name}", f"scratch.{DATASET}.{raw.name}"
    keys = " and ".join(f"stored.{key} = brought.{key}" for key in raw.key)
    db.execute(f"delete from {stored} as stored using {brought} as brought where {keys}")
    # dlt numbers loads by the host's clock. Where that went back, the number must not: models read what is new by it.
    newest = f"(select max({LOAD_ID}) from {DATASET}.{ORGANIZATION_SYNCS.name})"
    columns = ", ".join(raw.schema.names)
    db.execute(
        f"insert into {stored} by name "
        f"select {columns}, greatest({LOAD_ID}, {newest}) as {LOAD_ID} from {brought}"
    )


def _remove(scratch: Path) -> None:
    for path in (scratch, scratch.with_name(f"{scratch.name}.wal")):
        path.unlink(missing_ok=True)


@contextmanager
def _disk_full_explained(warehouse: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_disk_full(error):
            raise
        raise WarehouseError(
            f"There is no room left on the disk of {warehouse.parent}. "
            f"{warehouse.name} is as it was before this load; make room and run again."
        ) from error
