"""Which version of this program a warehouse was written by, and what an upgrade does to it.

`ops.warehouse` has one row: the format of the tables that Python writes, and a hash of the models that built the
marts. A warehouse without it is of format 1.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import duckdb

from pipelines.sentry.schema import DATASET
from pipelines.warehouse import run_log, tickets
from pipelines.warehouse.attach import connect
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.raw_tables import create_what_is_missing

# Raised when the code before could not use, or would damage, a warehouse written by this one.
FORMAT = 2

CREATE = """
create schema if not exists ops;
create table if not exists ops.warehouse (format integer, models_digest varchar);
insert into ops.warehouse select $format, null where not exists (from ops.warehouse);
"""


def upgrade(warehouse: Path) -> str | None:
    """Bring the warehouse to this version's format; returns what was done, None if nothing.

    Raises WarehouseError, and changes nothing, if a newer version has written it.
    """
    _undo_cut_off_load(warehouse)
    with connect(warehouse) as db:
        is_new = not _relations(db)
        found = FORMAT if is_new else _format(db)
        _require_known(warehouse, found)
        db.execute("begin")
        if found < 2:
            _to_format_2(db)
        db.execute(run_log.CREATE)
        db.execute(tickets.CREATE)
        for statement in CREATE.strip().split(";\n"):
            db.execute(statement, {"format": FORMAT} if "$format" in statement else None)
        # Models read columns that no load may have brought yet.
        create_what_is_missing(db)
        db.execute("commit")
    return None if found == FORMAT else f"{warehouse.name}: format {found} is now {FORMAT}."


def require_known_format(warehouse: Path) -> None:
    """Raise WarehouseError if a newer version has written the warehouse."""
    _require_known(warehouse, stored_format(warehouse))


def _require_known(warehouse: Path, found: int) -> None:
    if found > FORMAT:
        raise WarehouseError(
            f"{warehouse} was written by a newer version of this program (format {found}; this version knows "
            f"{FORMAT}). Install that version again. Or move the file away and run `make sync`: everything is "
            "read from Sentry again, and the histories come back as of the last publication."
        )


def stored_format(warehouse: Path) -> int:
    """Return the format of the warehouse; WarehouseError if another program keeps it open."""
    with connect(warehouse, read_only=True) as db:
        return _format(db) if _relations(db) else FORMAT


def models_digest(warehouse: Path) -> str | None:
    """Return the hash of the models that the warehouse was last built with in full, None before the first build."""
    with connect(warehouse, read_only=True) as db:
        row = db.execute("select models_digest from ops.warehouse").fetchone()
    return row[0] if row else None


def record_models(warehouse: Path, digest: str, relations: Collection[str]) -> None:
    """Note with which models the warehouse is built, and drop those that are no more.

    `relations`: `schema.name` of all models. What is left of earlier ones in their schemas would be published.
    """
    schemas = {relation.partition(".")[0] for relation in relations}
    with connect(warehouse) as db:
        db.execute("begin")
        for name, kind in _relations(db).items():
            if name.partition(".")[0] in schemas and name not in relations:
                db.execute(f"drop {kind} {name}")
        db.execute("update ops.warehouse set models_digest = ?", [digest])
        db.execute("commit")


def _relations(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return `schema.name` -> table or view, of the warehouse's own."""
    rows = db.execute(
        "select schema_name || '.' || view_name, 'view' from duckdb_views() where not internal "
        "and database_name = current_database() union all "
        "select schema_name || '.' || table_name, 'table' from duckdb_tables() "
        "where database_name = current_database()"
    ).fetchall()
    return dict(rows)


def _format(db: duckdb.DuckDBPyConnection) -> int:
    if "ops.warehouse" not in _relations(db):
        return 1
    row = db.execute("select format from ops.warehouse").fetchone()
    return int(row[0]) if row else 1


def _to_format_2(db: duckdb.DuckDBPyConnection) -> None:
    """Counters of a sync stand in organization_syncs alone, and dlt keeps no tables beside the raw ones."""
    relations = _relations(db)
    if "ops.sync_runs" in relations:
        db.execute("alter table ops.sync_runs rename to sync_runs_1")
        db.execute(run_log.CREATE)
        db.execute(
            "insert into ops.sync_runs by name "
            "select run_id, started_at, finished_at, status, issues_total, host_started_at from ops.sync_runs_1"
        )
        db.execute("drop table ops.sync_runs_1")
    for name in relations:
        schema, _, table = name.partition(".")
        if schema == f"{DATASET}_staging" or (schema == DATASET and table.startswith("_dlt_")):
            db.execute(f"drop table {name}")


def _undo_cut_off_load(warehouse: Path) -> None:
    """Put back the copy that format 1 made before each load, if it still lies there: that load was killed."""
    backup = warehouse.with_name(f"{warehouse.name}.before-load")
    if backup.exists():
        # The write-ahead log belongs to the half-loaded file.
        warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
        os.replace(backup, warehouse)
