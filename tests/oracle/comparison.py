"""Whether tables agree, and where they do not: table, key, column and both values."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from .raw_world import Row

SHOWN_PER_COLUMN = 4
Key = tuple[object, ...]


def published(warehouse: Path, table: str) -> list[Row]:
    """The rows of a mart."""
    with duckdb.connect(str(warehouse), read_only=True) as db:
        result = db.execute(f"select * from marts.{table}")
        columns = [column[0] for column in result.description or []]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def marts(warehouse: Path) -> list[str]:
    """The names of all published tables and views."""
    with duckdb.connect(str(warehouse), read_only=True) as db:
        found = db.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        )
        return sorted(name for (name,) in found.fetchall())


def columns(warehouse: Path) -> dict[str, set[str]]:
    """The columns of each published table."""
    found: dict[str, set[str]] = defaultdict(set)
    with duckdb.connect(str(warehouse), read_only=True) as db:
        for table, column in db.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'marts'"
        ).fetchall():
            found[table].add(column)
    return dict(found)


def passed_on_wrongly(
    warehouse: Path, table: str, names: set[str], sources: dict[str, str]
) -> list[str]:
    """The columns that differ from the first source that has them, matched by its key, or that none has."""
    with duckdb.connect(str(warehouse), read_only=True) as db:
        origins: dict[str, str] = {}
        for source in reversed(sources):
            described = db.execute(f"describe {source}").fetchall()
            origins |= {name: source for name, *_ in described}
        wrong = [f"{table}.{name}: none has it" for name in sorted(names - origins.keys())]
        for name in sorted(names & origins.keys()):
            source = origins[name]
            ((differing,),) = db.execute(
                f"select count(*) from marts.{table} as passed left join {source} as source"
                f" using ({sources[source]}) where passed.{name} is distinct from source.{name}"
            ).fetchall()
            if differing:
                wrong.append(f"{table}.{name}: {differing} rows differ from {source}")
        return wrong


def disagreements(
    table: str, key: tuple[str, ...], expected: list[Row], got: list[Row]
) -> list[str]:
    """One line for each kind of difference, with examples; columns that only `got` has are free."""
    wanted, found = _by_key(key, expected), _by_key(key, got)
    lines = []
    if len(found) < len(got):
        lines.append(f"{table}: {len(got) - len(found)} rows repeat a key {key}")
    for what, odd in (
        ("missing", wanted.keys() - found.keys()),
        ("unexpected", found.keys() - wanted.keys()),
    ):
        if odd:
            shown = [_key(each) for each in sorted(odd, key=str)[:SHOWN_PER_COLUMN]]
            lines.append(f"{table}: {len(odd)} {what} rows, such as {', '.join(shown)}")
    different: dict[str, list[str]] = defaultdict(list)
    for each in sorted(wanted.keys() & found.keys(), key=str):
        for column, value in wanted[each].items():
            if column not in found[each]:
                different[column].append("no such column")
            elif not _same(value, found[each][column]):
                different[column].append(
                    f"{_key(each)} expected {value!s}, got {found[each][column]!s}"
                )
    lines.extend(
        f"{table}.{column}: {len(found)} rows, such as {'; '.join(found[:SHOWN_PER_COLUMN])}"
        for column, found in different.items()
    )
    return lines


def _by_key(key: tuple[str, ...], rows: list[Row]) -> dict[Key, Row]:
    # Any numbers that order the tree alike are as good.
    places = sorted(row["tree_order"] for row in rows if "tree_order" in row)
    ranked = {place: rank for rank, place in enumerate(places)}
    return {
        tuple(row[column] for column in key): row
        | ({"tree_order": ranked[row["tree_order"]]} if "tree_order" in row else {})
        for row in rows
    }


def _key(key: Key) -> str:
    return "[" + ", ".join(map(str, key)) + "]"


def _same(expected: Any, got: Any) -> bool:
    if isinstance(expected, float) and got is not None:
        return math.isclose(expected, float(got), rel_tol=1e-9, abs_tol=1e-9)
    return bool(expected == got and type(expected) is type(got))
