"""A list: its query, its columns and its filters, shown as a table, as CSV or as JSON under one address."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.asked import SIZE, Asked, asked
from pipelines.pages.published import Reader, Row, query

MOST_EXPORTED = 100_000  # rows
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# The address of the rows behind a cell of this row.
Link = Callable[[Row], str | None]
# A spreadsheet would take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """One column: its name in the query, its heading, how it is shown and where it links to.

    `kind` names a macro of `cells.html`; `link` returns the address of the rows behind a number.
    """

    name: str
    title: str
    kind: str = "text"
    link: Link | None = None
    is_sorted: bool = True


@dataclass(frozen=True)
class Listing:
    """One kind of list. `table`: the mart whose column comments explain the headings; `tie`: what orders equals.

    `key`: the column that names a row where there may be a million of them.
    """

    query: str
    table: str
    columns: Sequence[Column]
    sort: str
    tie: str
    filters: Mapping[str, Collection[str] | None] = field(default_factory=dict)
    key: str | None = None

    @property
    def sql(self) -> str:
        """The query, without an order."""
        return query(self.query)

    def asked(self, request: Request, views: Collection[str] = ("",)) -> Asked:
        """Return what the address asks of this list; AskedError for what it does not have."""
        return asked(
            request.query_params,
            filters=self.filters,
            sorts=[column.name for column in self.columns if column.is_sorted],
            default_sort=self.sort,
            views=views,
        )

    def with_column(self, column: Column) -> Listing:
        """Return the list with one more column at the right."""
        return replace(self, columns=(*self.columns, column))

    def page(self, reader: Reader, wanted: Asked, **parameters: Any) -> Page:
        """Return one page of the rows, and how many there are in all."""
        rows = self._select(reader, wanted, SIZE, wanted.offset, parameters)
        total = rows[0]["_total"] if rows else 0
        if not rows and wanted.page > 1:
            first = self._select(reader, wanted, 1, 0, parameters)
            total = first[0]["_total"] if first else 0
        return Page(self, wanted, rows, total, reader)

    def export(self, reader: Reader, wanted: Asked, form: str, **parameters: Any) -> Response:
        """Return all rows, at most 100,000, as `csv` or `json`."""
        rows = self._select(reader, wanted, MOST_EXPORTED, 0, parameters)
        for row in rows:
            del row["_total"]
        return exported(rows, form, self.query)

    def _select(
        self, reader: Reader, wanted: Asked, size: int, offset: int, parameters: dict[str, Any]
    ) -> list[Row]:
        direction = "desc" if wanted.descending else "asc"
        # The column is one of ours: `asked` knows no other.
        order = f"order by {wanted.sort} {direction} nulls last, {self.tie}"
        parameters = {**wanted.filters, **parameters, "as_of": reader.publication.as_of}
        columns = self.key if self.key and size <= SIZE else "listed.*"
        rows = reader.run(
            f"select {columns}, count(*) over () as _total from ({self.sql}) as listed "
            f"{order} limit {size} offset {offset}",
            **parameters,
        )
        if columns != self.key or not rows:
            return rows
        # Sorting a million whole rows for the hundred of a page takes twice as long.
        return reader.run(
            f"select listed.*, $total as _total from ({self.sql}) as listed "
            f"where {self.key} in (select unnest($picked)) {order}",
            **parameters,
            picked=[row[self.key] for row in rows],
            total=rows[0]["_total"],
        )


@dataclass(frozen=True)
class Page:
    """Rows of a list as asked for, with what the template needs to show and to page them."""

    listing: Listing
    asked: Asked
    rows: list[Row]
    total: int
    reader: Reader

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // SIZE))

    def explain(self, column: Column) -> str:
        """Return what the column means, as docs/tables.md says it; blank where it says nothing."""
        return self.reader.publication.comments.get((self.listing.table, column.name), "")

    def sort_address(self, column: Column) -> str:
        """Return the address that orders by the column, the other way round where it is so already."""
        is_first = column.name != self.asked.sort
        descending = column.kind != "text" if is_first else not self.asked.descending
        return self.asked.address(sort=("-" if descending else "") + column.name, page=None)

    def sorted_by(self, column: Column) -> str:
        """Return the value of aria-sort."""
        if column.name != self.asked.sort:
            return "none"
        return "descending" if self.asked.descending else "ascending"


def exported(rows: list[Row], form: str, name: str) -> Response:
    """Return the rows as a file to keep; times are UTC."""
    body = as_csv(rows) if form == "csv" else json.dumps(rows, default=_plain)
    disposition = f'attachment; filename="{name.replace("/", "-")}.{form}"'
    return Response(
        body, headers={"content-type": _TYPES[form], "content-disposition": disposition}
    )


def as_csv(rows: list[Row]) -> str:
    """Return the rows with a heading, nulls blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return _plain(value) if isinstance(value, date) else value


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)
