"""Typed values from JSON that another program wrote, and rows of them as Arrow tables of the raw tables' schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa

from pipelines.sentry import bounds
from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.schema import RawTable

# No part of an address by itself, and nothing that ends one or drives a terminal.
_KEY = re.compile(rf"(?!\.{{1,2}}$)[^\s/?#%\\\x00-\x1f\x7f-\x9f]{{1,{bounds.KEY_LENGTH}}}")
_COUNT_DIGITS = len(str(bounds.COUNT))
A_COUNT = f"a whole number from 0 to {bounds.COUNT:,}"


class Fields:
    """Typed reading of one JSON object; every wrong type raises ChangedTypeError naming table and field."""

    def __init__(self, table: str, source: Any) -> None:
        self.table = table
        if not isinstance(source, dict):
            raise ChangedTypeError(f"{table}: expected an object, got {kind(source)}.")
        self.source: dict[str, Any] = source

    def _wrong(self, name: str, expected: str) -> ChangedTypeError:
        return ChangedTypeError(
            f"{self.table}.{name}: expected {expected}, got {kind(self.source.get(name))}. "
            "Sentry's API seems to have changed; nothing of this table was stored."
        )

    def text(self, name: str) -> str | None:
        """Return the text, None for null, absent or empty."""
        value = self.source.get(name)
        if isinstance(value, str):
            return value or None
        if value is None:
            return None
        raise self._wrong(name, "text")

    def key(self, name: str) -> str:
        """Return an id or a slug as text, fit for an address; GlitchTip sends some ids as numbers."""
        value = self.source.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self._wrong(name, "an id")
        if not _KEY.fullmatch(str(value)):
            raise self._wrong(name, "an id that can stand in an address")
        return str(value)

    def whole(self, name: str) -> int | None:
        """Return a count; Sentry sends some as text."""
        value = self.source.get(name)
        if value is None:
            return None
        try:
            return as_count(value)
        except ValueError:
            raise self._wrong(name, A_COUNT) from None

    def flag(self, name: str) -> bool | None:
        """Return true, false, or None for null or absent."""
        value = self.source.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def moment(self, name: str) -> datetime | None:
        """Return an ISO 8601 time as naive UTC in whole seconds."""
        text = self.text(name)
        if text is None:
            return None
        try:
            if text[-1] == "Z" and text[19] in ".Z":  # as all servers write it
                moment = datetime.fromisoformat(text[:19])
            else:
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is not None:
                    moment = moment.astimezone(UTC)
                moment = moment.replace(tzinfo=None, microsecond=0)
        except (ValueError, IndexError, OverflowError):
            raise self._wrong(name, "an ISO 8601 time") from None
        if not bounds.is_possible(moment):
            raise self._wrong(
                name, f"a time from {bounds.FIRST_MOMENT:%Y} to {bounds.LAST_MOMENT:%Y}"
            )
        return moment

    def part(self, name: str) -> Fields | None:
        """Return a nested object, None for null or absent."""
        value = self.source.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Fields(f"{self.table}.{name}", value)

    def parts(self, name: str) -> list[Fields]:
        """Return a list of nested objects, empty for null or absent."""
        value = self.source.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return [Fields(f"{self.table}.{name}", item) for item in value]

    def json(self, name: str) -> str | None:
        """Return a free-form part as JSON text with sorted keys; None when null, absent or empty."""
        return as_json(self.source.get(name))


@contextmanager
def understood(table: str, path: str, body: Any) -> Iterator[None]:
    """Turn what does not fit into a ChangedTypeError that names the table and the endpoint."""
    try:
        yield
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        OSError,
    ) as error:
        raise ChangedTypeError(
            f"{table}: {path} answers in another shape than expected "
            f"({type(error).__name__} in {kind(body)})."
        ) from None


def as_count(value: Any) -> int:
    """Return the count that a JSON value is, also as text or as 2.0; ValueError if it is none, or beyond the bound."""
    if type(value) is int and 0 <= value <= bounds.COUNT:
        return value
    if isinstance(value, str) and len(value) <= _COUNT_DIGITS and value.isdecimal():
        value = int(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and 0 <= value <= bounds.COUNT and value == int(value):
        return int(value)
    raise ValueError(A_COUNT)


def kind(value: Any) -> str:
    """Return which kind of JSON value it is, for messages: what a text says may be somebody's name."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text" if value else "empty text"
        case list():
            return "a list"
    return "an object"


def as_json(value: Any) -> str | None:
    """Return JSON text with sorted keys, None for anything empty."""
    if value is None or (not value and isinstance(value, (dict, list, str))):
        return None
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a number beyond 64 bits, or hundreds of levels
        pass
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise ChangedTypeError(
            "A part that is free in form is nested too deep to be kept."
        ) from None


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
