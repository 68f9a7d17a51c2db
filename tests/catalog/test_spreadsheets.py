"""Files as spreadsheets and editors write them are read as the same rows."""

from __future__ import annotations

import csv
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalog import Catalog, Product, ProjectProduct, SlaTarget, spreadsheet, values
from pipelines.catalog.health_targets import with_defaults
from pipelines.catalog.tables import TABLES

from .small_catalog import MAPPING, PRODUCTS, Folder

ROWS = [
    ["product_id", "name", "parent_id", "description", "owner_team", "priority", "is_active"],
    [
        "shop",
        'The "Shop", old; new',
        "",
        "Wörter und 商品\nin two lines",
        "commerce",
        "high",
        "true",
    ],
    ["payments", "Payments", "shop", "", "", "", "no"],
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


def written(delimiter: str, line_end: str, quoting: int, rows: list[list[str]] = ROWS) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue().replace("\n", line_end)


def catalog(folder: Folder) -> Catalog:
    checked = folder.check()
    assert checked.catalog is not None, checked.findings
    return checked.catalog


VARIANTS = list(
    itertools.product(
        [*ENCODINGS, "utf-16-be with mark"],
        [",", ";", "\t"],
        ["\n", "\r\n", "\r"],
        [csv.QUOTE_MINIMAL, csv.QUOTE_ALL],
    )
)


@pytest.mark.parametrize(("encoding", "delimiter", "line_end", "quoting"), VARIANTS)
def test_every_way_to_write_the_file_reads_the_same(
    folder: Folder, encoding: str, delimiter: str, line_end: str, quoting: int
) -> None:
    text = written(delimiter, line_end, quoting)
    marked = encoding.endswith(" with mark")
    folder.write(
        "products.csv",
        ("\ufeff" + text).encode("utf-16-be") if marked else text.encode(encoding),
    )
    folder.write("project_products.csv", MAPPING + ",ledger,payments\n")

    assert catalog(folder).products == (
        Product(
            "shop",
            'The "Shop", old; new',
            None,
            "Wörter und 商品\nin two lines",
            "commerce",
            "high",
            True,
            2,
        ),
        Product("payments", "Payments", "shop", None, None, None, False, 4),
    )


def test_blanks_case_and_empty_lines_do_not_matter_and_lines_are_physical(folder: Folder) -> None:
    folder.write(
        "products.csv",
        "\n;;;;;;\n Product ID ;NAME\t;Parent-Id;description;owner_team;priority;is active;;\n\n"
        'SHOP\u00a0;  The \u00a0 Shop ;;"one\n\n two  ";\u200bcommerce ; High;YES;;\n'
        ";;;;;;;;\n\n"
        "Payments;Payments;Shop;;;;0\n\n",
    )
    folder.write("project_products.csv", MAPPING + ' Acme , "Checkout-**?", PAYMENTS \n')
    folder.write("sla_targets.csv", 'priority;resolve_within_hours\nHIGH ;1,5\nlow;"72"\n')

    assert folder.messages() == []
    assert catalog(folder) == Catalog(
        (
            Product("shop", "The Shop", None, "one\n\ntwo", "commerce", "high", True, 5),
            Product("payments", "Payments", "shop", None, None, None, False, 10),
        ),
        (ProjectProduct("acme", "checkout-?*", "payments", 2),),
        (),
        (SlaTarget("high", None, 1.5, 2), SlaTarget("low", None, 72.0, 3)),
        with_defaults([]),
    )


def test_the_columns_may_come_in_any_order(folder: Folder) -> None:
    folder.write("project_products.csv", "product_id,organization,project\npayments,,ledger\n")

    assert catalog(folder).project_products == (ProjectProduct(None, "ledger", "payments", 2),)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("TRUE", True),
        ("Yes", True),
        ("1", True),
        ("", True),
        ("False", False),
        ("NO", False),
        ("0", False),
    ],
)
def test_is_active_is_understood_in_every_spelling(
    folder: Folder, word: str, meaning: bool
) -> None:
    folder.write("products.csv", PRODUCTS + f"payments,P,,,t,,\ncheckout,C,,,t,,{word}\n")

    assert catalog(folder).products[1].is_active is meaning


cell = st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
    | st.sampled_from(list('",;\t\r\n \u00a0\u200b\ufeff*?İßΣ\u0301\u1e9b\u0323\u2000\u2028\x1c'))
)


@given(cell)
def test_to_normalize_twice_is_to_normalize_once(text: str) -> None:
    for column in (column for table in TABLES for column in table.columns):
        once = column.normalize(text)
        assert column.normalize(once) == once


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_the_one_spelling_of_a_glob_fits_the_same_slugs(glob: str, slug: str) -> None:
    assert fits(values.pattern(glob), slug) == fits(glob, slug)


def fits(glob: str, slug: str) -> bool:
    """Tell whether the glob fits, straight from what `*` and `?` mean."""
    if not glob:
        return not slug
    if glob[0] == "*":
        return fits(glob[1:], slug) or (bool(slug) and fits(glob, slug[1:]))
    return bool(slug) and glob[0] in (slug[0], "?") and fits(glob[1:], slug[1:])


@given(
    st.lists(st.lists(cell, min_size=2, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_python_writes_as_csv_is_read_back(
    rows: list[list[str]], delimiter: str, quoting: int
) -> None:
    # Blanks in front of a cell are skipped, because people align what they write.
    expected = [[cell.lstrip(" ") for cell in row] for row in rows]
    if quoting == csv.QUOTE_ALL:
        expected = rows
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(rows)

    read = [record.cells for record in spreadsheet.records(text.getvalue(), delimiter)]

    with_text = [row for row in expected if any(cell.strip() for cell in row)]
    assert [[c.strip() for c in row] for row in read] == [[c.strip() for c in r] for r in with_text]
