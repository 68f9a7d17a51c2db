"""What DuckDB takes only as text of the statement, never as a parameter."""

from __future__ import annotations

from pathlib import Path

import duckdb


def attach(db: duckdb.DuckDBPyConnection, path: Path, catalog: str, options: str) -> None:
    """Attach the file at `path` as `catalog`."""
    db.execute(f"attach {literal(path)} as {catalog} ({options})")


def literal(value: str | Path) -> str:
    """Return the value as a quoted SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
