"""A preview on a terminal of 80 columns, and in the comment of a pull request."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.console import Console

from pipelines.catalog.finding import printable
from pipelines.preview.changes import MEASURES, Changes
from pipelines.preview.markdown import escape, markdown
from pipelines.preview.terminal import show

from .small_marts import changes, leaf, product, project

# What GitHub reads, but for bare links: those the texts below look for themselves.
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def terminal(found: Changes, width: int = 80) -> str:
    output = io.StringIO()
    show(Console(file=output, width=width), found, ["seeds compared with the catalog."])
    return output.getvalue()


def test_the_terminal_shows_the_new_number_and_the_difference() -> None:
    found = changes(
        [product("shop", unresolved_issues=1200, events_7d=5), leaf("old", project_count=2)],
        [product("shop", unresolved_issues=1000, events_7d=5, health="at_risk")],
        [project("cart", "old")],
        [project("cart", "shop")],
    )

    assert [line.rstrip() for line in terminal(found).splitlines()] == [
        "seeds compared with the catalog.",
        "1 product vanishes; 1 project changes product; 2 products change their numbers.",
        "",
        "Products",
        "- vanishes: Old (old), was at the top",
        "",
        "Projects",
        "- old → shop: acme/cart",
        "",
        "Numbers of each product with everything below it",
        "Product Projects       Open Health",
        "Old         - -2          - gone",
        "Shop           0 1,000 -200 healthy →",
        "                            at_risk",
        "Open: unresolved issues. Late: open past their SLA; near late: from 80 % of it.",
        "High: open, of high priority or fatal.",
    ]


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=90)
millions = st.integers(0, 10**10)


@settings(max_examples=40)
@given(st.lists(st.tuples(names, millions, millions), min_size=1, max_size=5))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, int, int]]) -> None:
    def side(column: int) -> list[dict[str, object]]:
        return [
            product(f"p{at}", f"p{at - 1}" if at else None, name=row[0])
            | dict.fromkeys(MEASURES, row[column])
            for at, row in enumerate(rows)
        ]

    output = terminal(changes(side(1), side(2)))

    assert max(map(cell_len, output.splitlines())) <= 80


def test_a_wider_terminal_shows_more_columns() -> None:
    found = changes([product("shop")], [product("shop") | dict.fromkeys(MEASURES, 123_456_789)])

    assert "Changed too, for a wider terminal: " in terminal(found)
    assert "Changed too" not in terminal(found, 400)


@settings(max_examples=300)
@given(names)
def test_markdown_shows_any_name_as_it_is(name: str) -> None:
    document = f"| Product | Open |\n| :-- | --: |\n| {escape(name)} | 1 |\n"

    tokens = PARSER.parse(document)

    cells = [token for token in tokens if token.type == "inline"]
    assert [cell.content for cell in cells][:2] == ["Product", "Open"]
    assert len(cells) == 4
    shown = "".join(child.content for child in cells[2].children or ())
    assert {child.type for child in cells[2].children or ()} <= {"text", "text_special"}
    assert shown.strip() == printable(name).strip()


def test_markdown_neither_mentions_nor_links_nor_adds_markup() -> None:
    wild = "a|b <img src=x onerror=1> @all #1 [x](http://y.z) www.evil.example `c` **d** $e$ _f_"
    found = changes([product("shop")], [product("shop", name=wild, unresolved_issues=3)])

    document = markdown(found, ["seeds compared."])

    for raw in ("<", "@", "http:", "www.", "`", "$", "a|b", "](", "_f"):
        assert raw not in document
    kinds = {child.type for token in PARSER.parse(document) for child in token.children or ()}
    assert not kinds & {"link_open", "html_inline", "code_inline", "em_open", "image"}


def test_markdown_of_a_huge_change_fits_into_a_comment() -> None:
    after = [product(f"p{at}", name=f"Product number {at}") for at in range(2000)]
    both = {f"{prefix}{name}": 1_000_000 for prefix in ("", "own_") for name in MEASURES}
    after = [row | both for row in after]

    document = markdown(changes([product("shop")], after), ["seeds compared."])

    assert len(document) < 65_536
    assert "... and 1,901 more lines; `make preview` shows all." in document
    assert "... and 1,901 more rows; `make preview` shows all." in document


def test_markdown_without_changes_says_only_that() -> None:
    found = changes([product("shop")], [product("shop")])

    assert markdown(found, ["Nothing would change."]) == (
        "### What the product catalog would change\n\nNothing would change.\n"
    )
