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
    ((rows,),) = db.execute(f"select count(*) from one.marts.{table}").fetchall()
    if one[table] != two[table]:
        ours, theirs = ((comment, *columns) for comment, columns in (one[table], two[table]))
        odd = [f"{a}, not {b}" for a, b in zip(ours, theirs, strict=False) if a != b]
        return Comparison(table, rows, odd[0] if odd else "other columns")
    kinds = {name: kind for name, kind, _ in one[table][1]}
    for name in _OF_THE_FILE.get(table, set()):
        del kinds[name]
    # Where floats may differ a little, rows are paired by what must not.
    order = ", ".join(sorted(kinds, key=lambda name: kinds[name] == "DOUBLE"))
    differs = " or ".join(_differs(name, kind) for name, kind in kinds.items())
    numbered = f"select *, row_number() over (order by {order}) as place from {{}}.marts.{table}"
    ((differing,),) = db.execute(
        f"select count(*) from ({numbered.format('one')}) as a "
        f"full join ({numbered.format('two')}) as b using (place) where {differs}"
    ).fetchall()
    return Comparison(table, rows, f"{differing:,} rows differ" if differing else "")


def _differs(name: str, kind: str) -> str:
    distinct = f"a.{name} is distinct from b.{name}"
    if kind != "DOUBLE":
        return distinct
    near = f"abs(a.{name} - b.{name}) <= 1e-9 * greatest(abs(a.{name}), abs(b.{name}))"
    return f"({distinct} and not coalesce({near}, false))"
