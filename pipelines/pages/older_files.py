"""A published file of an earlier version, made up with what it lacks: unknown, so that no page fails for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import duckdb

from pipelines.publish.contract import contract


def completed(connection: duckdb.DuckDBPyConnection, columns: Collection[tuple[str, str]]) -> str:
    """Return the catalog in which all promised tables and columns are: `published`, or `memory` over it.

    `columns`: (table, column) of what is published. There, a column that it lacks is null, and a table has no rows.
    """
    lacking: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for (table, column), kind in contract().items():
        if (table, column) not in columns:
            lacking[table][column] = kind
    if not lacking:
        return "published"
    connection.execute("create schema memory.marts")
    published = {table for table, _ in columns}
    for table in published:
        nulls = "".join(f', null::{kind} as "{name}"' for name, kind in lacking[table].items())
        # By which the lists find their issues; a view has none of its own.
        rowid = "rowid, " if table == "fct_issues" else ""
        connection.execute(
            f'create view memory.marts."{table}" as select {rowid}*{nulls} from published.marts."{table}"'
        )
    for table in lacking.keys() - published:
        promised = ", ".join(f'"{name}" {kind}' for name, kind in lacking[table].items())
        connection.execute(f'create table memory.marts."{table}" ({promised})')
    return "memory"
