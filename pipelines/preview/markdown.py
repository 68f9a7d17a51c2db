"""A preview as Markdown, for the comment of a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipelines.catalog.finding import counted, printable
from pipelines.preview.changes import Changes
from pipelines.preview.text import (
    LEGEND,
    NumbersRow,
    assignment_lines,
    difference,
    headline,
    issue_lines,
    number,
    number_rows,
    product_lines,
    titles,
)

# A comment on GitHub may have 65,536 characters.
MOST_LINES = 100
MOST_COLUMNS = 8

# Whatever could begin a tag, a link, a mention, a formula, an emphasis or another cell.
_special = re.compile(r"[^\w\s.,/()-]|_|(?<=\bwww)\.", re.IGNORECASE)


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, anywhere in a line; it has no line breaks."""
    return _special.sub(lambda found: f"&#{ord(found[0])};", printable(text))


def markdown(changes: Changes, notes: Sequence[str]) -> str:
    """Return the whole preview as a document."""
    return "\n".join(_document(changes, notes)) + "\n"


def _document(changes: Changes, notes: Sequence[str]) -> Iterator[str]:
    yield "### What the product catalog would change"
    for note in notes:
        yield f"\n{escape(note)}"
    if not changes:
        return
    yield f"\n**{headline(changes)}**"
    for heading, lines in (
        ("Products", list(product_lines(changes, escape))),
        ("Projects", list(assignment_lines(changes, escape))),
        ("Issues", list(issue_lines(changes, escape))),
    ):
        if lines:
            yield f"\n#### {heading}\n"
            yield from (f"- {line}" for line in lines[:MOST_LINES])
            yield from _rest(len(lines), "line")
    if rows := number_rows(changes):
        yield "\n#### Numbers of each product with everything below it\n"
        yield from _table(rows)


def _table(rows: list[NumbersRow]) -> Iterator[str]:
    changed = titles(rows)
    shown = changed[:MOST_COLUMNS]
    yield _row(["Product", *shown, "Health"])
    yield _row([":--", *("--:" for _ in shown), ":--"])
    for row in rows[:MOST_LINES]:
        yield _row([_name(row), *(_cell(row, title) for title in shown), escape(row.health)])
    yield from _rest(len(rows), "row")
    left = changed[MOST_COLUMNS:]
    also = f" Changed too: {', '.join(left)}." if left else ""
    yield f"\n{LEGEND}{also}"


def _rest(number_of_all: int, noun: str) -> Iterator[str]:
    if number_of_all > MOST_LINES:
        yield f"\n... and {counted(number_of_all - MOST_LINES, f'more {noun}')}; `make preview` shows all."


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _name(row: NumbersRow) -> str:
    return "&emsp;" * (row.depth + row.is_own) + escape(row.name)


def _cell(row: NumbersRow, title: str) -> str:
    if title not in row.cells:
        return ""
    before, after = row.cells[title]
    change = difference(before, after)
    return f"{number(after)} ({change})" if change else number(after)
