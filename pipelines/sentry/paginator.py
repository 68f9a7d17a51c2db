"""Sentry's cursor pagination, for dlt's REST client.

The `Link` header names a next page even after the last one; only `results="true"` means that there is more. The
cursor is taken and the address is not, because it is built from the server's configured name, which may be an
internal one. GlitchTip sends the repr of a Python set, so the header is searched rather than parsed.
"""

from __future__ import annotations

import re
from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from pipelines.sentry.errors import TruncatedError

_LINK = re.compile(r'<([^>]*)>;\s*rel="(\w+)";\s*results="(true|false)"(?:;\s*cursor="([^"]*)")?')
# Rows deleted while a page is put together can empty it; so many in a row are a server that will never end.
_MOST_EMPTY_PAGES = 50


class SentryPaginator(BasePaginator):
    """Follows `rel="next"` while it says that there are results, and never asks the same cursor twice.

    Raises TruncatedError when the server promises more but its cursor does not move.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cursor: str | None = None
        self._asked: set[str] = set()
        self._empty_pages = 0

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Take the next cursor from the reply."""
        self._cursor = next_cursor(response.headers.get("Link", ""))
        self._has_next_page = self._cursor is not None
        self._empty_pages = 0 if data else self._empty_pages + 1
        if self._cursor is None:
            return
        if self._cursor in self._asked or self._empty_pages > _MOST_EMPTY_PAGES:
            raise TruncatedError(
                f"{response.url.split('?')[0]} promises more results but its cursor does not move; "
                "the listing cannot be completed."
            )
        self._asked.add(self._cursor)

    def update_request(self, request: Request) -> None:
        """Ask for the page behind the cursor."""
        if self._cursor is not None:
            request.params["cursor"] = self._cursor


def next_cursor(link_header: str) -> str | None:
    """Return the cursor of the next page, or None when the header promises no further results."""
    for _, rel, results, cursor in _LINK.findall(link_header):
        if rel == "next" and results == "true" and cursor:
            return str(cursor)
    return None
