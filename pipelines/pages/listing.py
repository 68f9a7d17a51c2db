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

    `found`: where there may be a million rows, the query that filters them and holds what they are ordered by; it names
    each by `issue_row` and `kept_row`, its numbers in `marts.fct_issues` and `kept.issues`. `query` then returns the
    rows of `$issue_rows` and `$kept_rows`.
    """

    query: str
    table: str
    columns: Sequence[Column]
    sort: str
    tie: str
    filters: Mapping[str, Collection[str] | None] = field(default_factory=dict)
    found: str | None = None

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

    def page(self, reader: Reader, wanted: Asked) -> Page:
        """Return one page of the rows, and how many there are in all."""
        rows = self.rows(reader, wanted.filters, _order(wanted), SIZE, wanted.offset)
        [count] = reader.run(
            f"select count(*) as total from ({self._filtered})",
            **wanted.filters,
            as_of=reader.publication.as_of,
        )
        return Page(self, wanted, rows, count["total"], reader)

    def export(self, reader: Reader, wanted: Asked, form: str) -> Response:
        """Return all rows, at most 100,000, as `csv` or `json`."""
        rows = self.rows(reader, wanted.filters, _order(wanted), MOST_EXPORTED)
        return exported(rows, form, self.query)

    def rows(
        self, reader: Reader, filters: Mapping[str, Any], order: str, size: int, offset: int = 0
    ) -> list[Row]:
        """Return rows in an order of ours, before what orders equals."""
        as_of, order = reader.publication.as_of, f"{order}, {self.tie}"
        columns = "issue_row, kept_row" if self.found else "*"
        rows = reader.run(
            f"select {columns} from ({self._filtered}) order by {order} limit {size} offset {offset}",
            **filters,
            as_of=as_of,
        )
        if not self.found:
            return rows
        return reader.run(
            f"select * exclude (place) from ({self.sql}) order by {order}",
            issue_rows=[row["issue_row"] for row in rows],
            kept_rows=[row["kept_row"] for row in rows],
        )

    @property
    def _filtered(self) -> str:
        return query(self.found or self.query)


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


def _order(wanted: Asked) -> str:
    # The column is one of ours: `asked` knows no other.
    return f"{wanted.sort} {'desc' if wanted.descending else 'asc'} nulls last"


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
