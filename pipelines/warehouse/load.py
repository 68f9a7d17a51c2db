"""One load: the rows of one organization, through dlt into a scratch file, from there in one transaction.

dlt writes table by table. A process that is killed in between leaves a scratch file that nobody reads; the warehouse
sees all rows of the load, with the row of `organization_syncs` that says so, or none. The cost follows the rows
moved, not the warehouse.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.sentry.errors import chain
from pipelines.sentry.schema import DATASET, ORGANIZATION_SYNCS, RAW_TABLES, RawTable
from pipelines.sentry.source import pipeline, sentry
from pipelines.settings import DUCKDB_LIMITS
from pipelines.warehouse.attach import attach, connect
from pipelines.warehouse.errors import WarehouseError

LOAD_ID = "_dlt_load_id"
# The last: a limit on the size of files.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# DuckDB's own limit on what it moves out of memory follows the room that is left.
_NO_ROOM_IN_WORDS = (*map(os.strerror, _NO_ROOM), "max_temp_directory_size")


def load(warehouse: Path, working_folder: Path, files: Mapping[str, Path]) -> None:
    """Bring the rows of Parquet files (by raw table) into `raw_sentry`, all or none; a row replaces the one of its key.

    Tables and columns that the warehouse lacks are made. Raises WarehouseError when the disk is full.
    """
    scratch = working_folder / "scratch.duckdb"
    with disk_full_explained(warehouse):
        try:
            if files:
                _remove(scratch)
                pipeline(scratch, working_folder).run(sentry(files))
            with connect(warehouse) as db:
                for name, value in DUCKDB_LIMITS.items():
                    db.execute(f"set {name} = '{value}'")
                if files:
                    attach(db, scratch, "scratch", "read_only")
                move(db, files)
        finally:
            _remove(scratch)


def move(db: duckdb.DuckDBPyConnection, names: Collection[str]) -> None:
    """Move the named raw tables from the attached `scratch` into `raw_sentry`, in one transaction."""
    db.execute("begin")
    _create_what_is_missing(db)
    for raw in RAW_TABLES:
        if raw.name in names:
            _replace(db, raw)
    db.execute("commit")


def _create_what_is_missing(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(f"create schema if not exists {DATASET}")
    present = {
        (str(table), str(column))
        for table, column in db.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = current_database() and schema_name = ?",
            [DATASET],
        ).fetchall()
    }
    for raw in RAW_TABLES:
        columns = _columns(db, raw)
        if not any(table == raw.name for table, _ in present):
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            db.execute(f"create table {DATASET}.{raw.name} ({listed})")
            continue
        for name, kind in columns.items():
            if (raw.name, name) not in present:
                db.execute(f"alter table {DATASET}.{raw.name} add column {name} {kind}")


def _columns(db: duckdb.DuckDBPyConnection, raw: RawTable) -> dict[str, str]:
    db.register("empty", raw.schema.empty_table())
    described = db.execute("describe from empty").fetchall()
    db.unregister("empty")
    return {str(name): str(kind) for name, kind, *_ in described} | {LOAD_ID: "varchar"}


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
def disk_full_explained(warehouse: Path) -> Iterator[None]:
    """Raise WarehouseError for any error that means a full disk."""
    try:
        yield
    except Exception as error:
        if isinstance(error, WarehouseError) or not _is_disk_full(error):
            raise
        raise WarehouseError(
            f"There is no room left on the disk of {warehouse.parent}. "
            f"{warehouse.name} is as it was before this load; make room and run again."
        ) from error


def _is_disk_full(error: BaseException) -> bool:
    """Return whether any exception of the chain says so; DuckDB's and dlt's have the reason in their text only."""
    return any(
        (isinstance(each, OSError) and each.errno in _NO_ROOM)
        or any(reason in str(each) for reason in _NO_ROOM_IN_WORDS)
        for each in chain(error)
    )
