"""Opening DuckDB files, and what DuckDB takes only as text of the statement, never as a parameter."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from pipelines.settings import DUCKDB_LIMITS
from pipelines.warehouse.damage import damage, explanation, foreign
from pipelines.warehouse.errors import WarehouseError

# The dbt process of a run that was killed ends a moment after it.
_WAIT = 10.0  # seconds


def connect(warehouse: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the warehouse; WarehouseError if another program keeps it open, or it is damaged."""
    if reason := foreign(warehouse):
        raise WarehouseError(explanation(warehouse, reason))
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            return duckdb.connect(str(warehouse), read_only=read_only)
        except duckdb.Error as error:
            if reason := damage(error):
                raise WarehouseError(explanation(warehouse, reason)) from None
            if "Could not set lock" not in str(error):
                text = str(error).partition("\n")[0]
                raise WarehouseError(f"{warehouse} cannot be opened: {text}") from None
            if time.monotonic() > deadline:
                reason = str(error).partition("\n")[0]
                raise WarehouseError(
                    f"{warehouse} is open in another program ({reason}). It is private to the pipeline: "
                    "close that program, read product_health.duckdb instead, and run again."
                ) from None
            time.sleep(0.1)


def attach(db: duckdb.DuckDBPyConnection, path: Path, catalog: str, options: str) -> None:
    """Attach the file at `path` as `catalog`."""
    db.execute(f"attach {literal(path)} as {catalog} ({options})")


def limit(db: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB hold no more memory than many rows need that pass through."""
    for name, value in DUCKDB_LIMITS.items():
        db.execute(f"set {name} = '{value}'")


def literal(value: str | Path) -> str:
    """Return the value as a quoted SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
