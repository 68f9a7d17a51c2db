"""Every number is a link to the rows behind it, and they add up to it."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import urlsplit

import pytest

from pipelines.pages.listing import as_csv
from tests.pipeline.pages.conftest import Browser

_LINKED = re.compile(r'<a(?: class="own")? href="([^"]+)">(?:<b>)?<data value="([\d.]+)">')
# What of each row counts, where it is not the row itself.
_SUMMED = {"window=resolved7": "resolves_7d", "/days/": "event_count"}

PLACES = ["/products/?view=flat", "/teams/", "/unassigned/", "/projects/", "/trends/"]


@pytest.mark.parametrize("place", [*PLACES, "/products/payments", "/products/legacy-reports"])
def test_the_rows_behind_each_number_add_up_to_it(pages: Browser, place: str) -> None:
    found = _LINKED.findall(pages.get(place).text.replace("&amp;", "&"))
    assert found
    for href, number in found:
        assert _added_up(pages, href) == float(number), href


def _added_up(pages: Browser, href: str) -> float:
    parts = urlsplit(href)
    rows = pages.get(f"{parts.path.rstrip('/')}.json?{parts.query}").json()
    for sign, column in _SUMMED.items():
        if sign in href:
            return sum(row[column] or 0 for row in rows)
    return len(rows)


def test_the_tree_shows_the_worst_first_below_its_parent(pages: Browser) -> None:
    shown = re.findall(r'href="/products/([\w-]+)" title=', pages.get("/products/").text)
    rows = {row["product_id"]: row for row in pages.get("/products.json").json()}
    assert sorted(shown) == sorted(rows)
    for parent in {None, *shown}:
        below = [rows[name] for name in shown if rows[name]["parent_product_id"] == parent]
        orders = [(not row["is_active"], row["health_order"]) for row in below]
        assert orders == sorted(orders)
    for name in shown:
        parent = rows[name]["parent_product_id"]
        assert parent is None or shown.index(parent) < shown.index(name)


def test_a_filter_keeps_the_way_down_to_what_matches(pages: Browser) -> None:
    shown = re.findall(
        r'href="/products/([\w-]+)" title=', pages.get("/products/?team=checkout").text
    )
    assert shown == ["ecommerce", "payments", "checkout-flow"]


def test_pages_of_a_list_hold_every_row_once(pages: Browser) -> None:
    every = [row["issue_id"] for row in pages.get("/issues.json").json()]
    assert len(every) == len(set(every)) > 1000
    total = int(
        re.findall(r'<data value="(\d+)">[\d,]+</data> in all', pages.get("/issues/").text)[0]
    )
    assert total == len(every)
    last = pages.get(f"/issues/?page={-(-total // 100)}").text
    assert last.count('<th scope="row"') == (total % 100 or 100)


def test_the_most_urgent_come_first_as_in_the_queue(pages: Browser) -> None:
    ranks = [row["triage_rank"] for row in pages.get("/issues.json").json()]
    known = [rank for rank in ranks if rank is not None]
    assert ranks[: len(known)] == list(range(1, len(known) + 1))


def test_a_list_is_the_same_rows_as_csv(pages: Browser) -> None:
    for path in ("/products", "/issues", "/teams", "/projects", "/unassigned", "/trends", "/sync"):
        rows = pages.get(f"{path}.json").json()
        read = list(csv.DictReader(io.StringIO(pages.get(f"{path}.csv").text)))
        assert [list(row) for row in read] == [list(row) for row in rows]


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    assert as_csv([{"title": "=1+1", "count": -1}]) == "title,count\n'=1+1,-1\n"
