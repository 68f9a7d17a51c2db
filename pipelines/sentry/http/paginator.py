"""Sentry's cursor pagination, for dlt's REST client.

The `Link` header names a next page even after the last one; only `results="true"` means that there is more. The
cursor is taken and the address is not, because it is built from the server's configured name, which may be an
internal one. GlitchTip sends the repr of a Python set, so the header is searched rather than parsed. A header that
speaks of a next page in other words is an error: taken for the end, it would lose rows in silence.
"""

from __future__ import annotations

import re
from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from pipelines.sentry import bounds
from pipelines.sentry.errors import TruncatedError, UnusableReplyError

_LINK = re.compile(r'<[^>]*>((?:\s*;\s*\w+="[^"]*")+)')
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_NEXT = re.compile(r"\brel\s*=\W*next\b", re.IGNORECASE)


class SentryPaginator(BasePaginator):
    """Follows `rel="next"` while it says that there are results, and never asks the same cursor twice.

    Raises TruncatedError when the server promises more but its cursor does not move or its pages are empty, or when a
    page behind a cursor does not say whether it is the last; UnusableReplyError when pages repeat their rows.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cursor: str | None = None
        self._asked: set[str] = set()
        self._pages = 0
        # Rows deleted while a page is put together can empty it, and rows that move can come again.
        self._empty_pages = self._repeated_pages = 0
        self._marked: frozenset[Any] = frozenset()

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Take the next cursor from the reply."""
        link = response.headers.get("Link", "")
        if self._asked and not names_next_page(link):
            raise TruncatedError(
                f"{response.url.split('?')[0]} no longer says in its Link header whether there is more; "
                "a proxy in between may have taken it away."
            )
        self._cursor = next_cursor(link)
        self._has_next_page = self._cursor is not None
        self._note(data or [])
        if self._cursor is None:
            return
        if max(self._empty_pages, self._repeated_pages) > bounds.IDLE_PAGES:
            # What repeats would do so in each half of the listing, too.
            error = UnusableReplyError if self._repeated_pages else TruncatedError
            raise error(
                f"{response.url.split('?')[0]} promises more results but its pages bring nothing new; "
                "the listing cannot be completed."
            )
        if self._cursor in self._asked:
            raise TruncatedError(
                f"{response.url.split('?')[0]} promises more results but its cursor does not move; "
                "the listing cannot be completed."
            )
        self._asked.add(self._cursor)

    def _note(self, rows: list[Any]) -> None:
        """Count pages that are empty, one after the other, and pages with nothing but ids of the marked one.

        Marked is the last whose number is a power of two: so a circle of any length is found, and a long listing need
        not be remembered.
        """
        self._pages += 1
        ids = frozenset(
            row["id"]
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("id"), (str, int))
        )
        self._empty_pages = 0 if rows else self._empty_pages + 1
        self._repeated_pages += bool(ids) and ids <= self._marked
        if self._pages & (self._pages - 1) == 0:
            self._marked = ids

    def update_request(self, request: Request) -> None:
        """Ask for the page behind the cursor."""
        if self._cursor is not None:
            request.params["cursor"] = self._cursor


def next_cursor(link_header: str) -> str | None:
    """Return the cursor of the next page, or None when the header promises no further results.

    Raises TruncatedError for a next page that is named without saying whether it holds results, or how to ask for it.
    """
    if not names_next_page(link_header):
        return None
    for attributes in _LINK.findall(link_header):
        said = {name.lower(): text for name, text in _ATTRIBUTE.findall(attributes)}
        results, cursor = said.get("results"), said.get("cursor")
        if said.get("rel") != "next":
            continue
        if results == "false":
            return None
        if results == "true" and cursor:
            return str(cursor)
    raise TruncatedError(f"Its Link header does not say where the listing ends: {link_header:.300}")


def names_next_page(link_header: str) -> bool:
    """Return whether the header names a next page at all, as Sentry does even on the last."""
    return bool(_NEXT.search(link_header))
