"""What a request asks for in its address: filters, order and page, checked against what the list offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

SIZE = 100  # rows a page
_RESERVED = ("sort", "page", "view")


class AskedError(Exception):
    """The address asks for something that is not on offer; the message says what is."""


@dataclass(frozen=True)
class Asked:
    """Filters by name (None: not asked for), the column and direction of the order, and the page from 1 on."""

    filters: Mapping[str, str | None]
    sort: str
    descending: bool
    page: int
    view: str

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * SIZE

    def address(self, **changes: Any) -> str:
        """Return the query string of the same view with these changes; None takes a part away."""
        parts: dict[str, Any] = {**self.filters, "view": self.view, "sort": self.signed_sort()}
        if self.page > 1:
            parts["page"] = self.page
        parts |= changes
        return "?" + urlencode({name: value for name, value in parts.items() if value})

    def signed_sort(self) -> str:
        """Return the order as it stands in the address: `-late` is descending."""
        return ("-" if self.descending else "") + self.sort


def asked(
    query: QueryParams,
    *,
    filters: Mapping[str, Collection[str] | None],
    sorts: Collection[str],
    default_sort: str,
    views: Collection[str] = ("",),
) -> Asked:
    """Return what the query string asks for; AskedError for a name or value that the list does not know.

    `filters`: name -> the values it takes, None for any text. `default_sort` may begin with `-`.
    """
    for name in query:
        if name not in filters and name not in _RESERVED:
            known = ", ".join([*filters, *_RESERVED])
            raise AskedError(f"This list has no filter {name!r}; it has {known}.")
    found = {name: query.get(name, "").strip() or None for name in filters}
    for name, value in found.items():
        _require_known(name, value, filters[name])
    sort = query.get("sort") or default_sort
    _require_known("sort", sort.removeprefix("-"), sorts)
    view = query.get("view") or next(iter(views))
    _require_known("view", view, views)
    return Asked(found, sort.removeprefix("-"), sort.startswith("-"), _page(query), view)


def _require_known(name: str, value: str | None, known: Collection[str] | None) -> None:
    if value is not None and known is not None and value not in known:
        raise AskedError(f"{name} is {value!r}; it can be {', '.join(filter(None, known))}.")


def _page(query: QueryParams) -> int:
    text = query.get("page") or "1"
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 10**6):
        raise AskedError(f"page is {text!r}; it is a number from 1 on.")
    return int(text[:9])
