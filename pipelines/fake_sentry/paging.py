"""Sentry's paginators and Link header: opaque cursors, and a next link even after the last page."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipelines.fake_sentry.calls import Call, Refusal

MAX_PAGE = 100


class Cursor(NamedTuple):
    """`value:offset:is_prev`, which clients should not take apart."""

    value: int
    offset: int
    is_prev: bool = False

    def __str__(self) -> str:
        return f"{self.value}:{self.offset}:{int(self.is_prev)}"


class PageOfRows(NamedTuple):
    """Some rows, and where the pages beside them begin."""

    rows: Sequence[Any]
    previous: Cursor
    has_previous: bool
    next: Cursor
    has_next: bool

    def link(self, call: Call) -> str:
        """Return the Link header."""
        return ", ".join(
            f'<{call.address(cursor=str(cursor))}>; rel="{rel}"; '
            f'results="{str(more).lower()}"; cursor="{cursor}"'
            for rel, cursor, more in (
                ("previous", self.previous, self.has_previous),
                ("next", self.next, self.has_next),
            )
        )


def asked_cursor(call: Call) -> Cursor:
    """Return the cursor that the request names, or the start."""
    text = call.params.get("cursor")
    if not text:
        return Cursor(0, 0)
    try:
        value, offset, is_prev = (int(part) for part in text.split(":"))
    except ValueError:
        raise Refusal(call.flavour.bad_cursor_status, "Invalid cursor parameter.") from None
    return Cursor(value, offset, bool(is_prev))


def asked_limit(call: Call) -> int:
    """Return the page size of an issue list: `limit`, silently at most 100."""
    try:
        return max(0, min(int(call.params.get("limit", MAX_PAGE)), MAX_PAGE))
    except ValueError:
        raise Refusal(400, "invalid limit") from None


def asked_per_page(call: Call) -> int:
    """Return the page size of every other list: `per_page`, from 1 to 100."""
    text = call.params.get("per_page", str(MAX_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= MAX_PAGE:
        raise Refusal(400, f"Invalid per_page value. Must be between 1 and {MAX_PAGE}.")
    return int(text)


def score_page(
    rows: Sequence[Any], descending: Sequence[int], cursor: Cursor, limit: int
) -> PageOfRows:
    """Return a page of `rows` that stand in order of falling score.

    `descending` holds the negated scores. A cursor is a score and how many rows of that score or
    lower to pass over, so a row whose score changes between two pages can be missed.
    """
    position = bisect_left(descending, -cursor.value) if cursor.value else 0
    position += cursor.offset
    if cursor.is_prev:
        high = min(position, len(rows))
        low = max(high - limit, 0)
    else:
        low = min(position, len(rows))
        high = min(low + limit, len(rows))
    if not rows:
        return PageOfRows([], Cursor(cursor.value, cursor.offset, True), False, cursor, False)
    return PageOfRows(
        rows[low:high],
        _score_cursor(descending, low, is_prev=True),
        low > 0,
        _score_cursor(descending, high, is_prev=False),
        high < len(rows),
    )


def _score_cursor(descending: Sequence[int], position: int, *, is_prev: bool) -> Cursor:
    negated = descending[min(position, len(descending) - 1)]
    return Cursor(-negated, position - bisect_left(descending, negated, hi=position), is_prev)


def offset_page(rows: Sequence[Any], cursor: Cursor, limit: int) -> PageOfRows:
    """Return page `offset` of pages of `value` rows: projects and teams."""
    low = cursor.offset * (cursor.value or limit)
    high = low + limit
    return PageOfRows(
        rows[low:high],
        Cursor(limit, max(cursor.offset - 1, 0), True),
        cursor.offset > 0,
        Cursor(limit, cursor.offset + 1),
        high < len(rows),
    )


def row_page(rows: Sequence[Any], cursor: Cursor, limit: int) -> PageOfRows:
    """Return the rows from row `offset` on: events."""
    low, high = cursor.offset, cursor.offset + limit
    return PageOfRows(
        rows[low:high],
        Cursor(0, max(low - limit, 0), True),
        low > 0,
        Cursor(0, high),
        high < len(rows),
    )
