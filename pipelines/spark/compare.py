"""Whether two published files say the same, whatever built them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.warehouse.attach import attach, limit

# Which file it is, of the one row that every file has of itself.
_OF_THE_FILE = {"publication": {"published_at", "run_id"}}
_COLUMNS = """
select table_name, column_name, data_type, comment
from duckdb_columns()
where database_name = $file and schema_name = 'marts'
order by table_name, column_index
"""
_TABLES = """
select table_name, comment from duckdb_tables() where database_name = $file and schema_name = 'marts'
union all
select view_name, comment from duckdb_views() where database_name = $file and schema_name = 'marts'
"""


@dataclass(frozen=True)
class Comparison:
    """A table in two files: its rows in the first, and what differs, blank if nothing does."""

    table: str
    rows: int
    difference: str


def compare(first: Path, second: Path) -> list[Comparison]:
    """Compare every table row by row, floats to nine digits, with columns, types and comments; by name."""
    with duckdb.connect() as db:
        limit(db)
        attach(db, first, "one", "read_only")
        attach(db, second, "two", "read_only")
        one, two = _described(db, "one"), _described(db, "two")
        return [_compare(db, table, one, two) for table in sorted(one | two)]


_Described = dict[str, tuple[str | None, list[tuple[str, str, str | None]]]]


def _described(db: duckdb.DuckDBPyConnection, file: str) -> _Described:
    """Return the comment and the columns of each table."""
    columns = db.execute(_COLUMNS, {"file": file}).fetchall()
    return {
        table: (comment, [tuple(rest) for name, *rest in columns if name == table])
        for table, comment in db.execute(_TABLES, {"file": file}).fetchall()
    }


def _compare(
    db: duckdb.DuckDBPyConnection, table: str, one: _Described, two: _Described
) -> Comparison:
    if table not in one or table not in two:
        return Comparison(table, 0, "only one of them has it")
    (rows,) = db.execute(f"select count(*) from one.marts.{table}").fetchone() or (0,)
    if one[table] != two[table]:
        ours, theirs = ((comment, *columns) for comment, columns in (one[table], two[table]))
        odd = [f"{a}, not {b}" for a, b in zip(ours, theirs, strict=False) if a != b]
        return Comparison(table, rows, odd[0] if odd else "other columns")
    left_out = _OF_THE_FILE.get(table, set())
    compared = ", ".join(
        f"format('{{:.9g}}', {name})" if kind == "DOUBLE" else name
        for name, kind, _ in one[table][1]
        if name not in left_out
    )
    alone = [
        db.execute(
            f"select count(*) from (select {compared} from {a}.marts.{table} "
            f"except all select {compared} from {b}.marts.{table})"
        ).fetchall()[0][0]
        for a, b in (("one", "two"), ("two", "one"))
    ]
    difference = f"{alone[0]} rows only here, {alone[1]} only there" if any(alone) else ""
    return Comparison(table, rows, difference)
