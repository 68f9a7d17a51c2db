"""Rows as Arrow tables of exactly the raw tables' schemas."""

from __future__ import annotations

import pyarrow as pa

from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.schema import RawTable


def to_arrow(table: RawTable, rows: list[dict[str, object]]) -> pa.Table:
    """Return rows as an Arrow table of exactly the raw table's schema; ChangedTypeError if they do not fit."""
    try:
        return pa.Table.from_pylist(rows, schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        # Arrow's message quotes the value, which may be somebody's name.
        raise ChangedTypeError(
            f"{table.name}: {_misfits(table, rows)} does not fit ({type(error).__name__}). "
            "Sentry's API seems to have changed; nothing of this table was stored."
        ) from None


def _misfits(table: RawTable, rows: list[dict[str, object]]) -> str:
    """Return the columns whose values are not of the type that the table has."""
    wrong = []
    for column in table.schema:
        try:
            pa.array([row.get(column.name) for row in rows], column.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            wrong.append(column.name)
    return ", ".join(wrong)
