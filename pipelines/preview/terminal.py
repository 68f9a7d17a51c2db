"""A preview for the terminal: as many columns of numbers as its width has room for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.catalog.finding import printable
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

NAME_WIDTH = 30
HEALTH_WIDTH = 10


def show(console: Console, changes: Changes, notes: Sequence[str]) -> None:
    """Print the changes, after the notes that say what was compared."""
    for note in notes:
        console.print(Text(note))
    if changes:
        console.print(Text(headline(changes), "bold"))
    for heading, lines in (
        ("Products", product_lines(changes, printable)),
        ("Projects", assignment_lines(changes, printable)),
        ("Issues", issue_lines(changes, printable)),
    ):
        listed = Table.grid(padding=(0, 1))
        for line in lines:
            listed.add_row("-", Text(line))
        if listed.row_count:
            console.print(Text(f"\n{heading}", "bold"))
            console.print(listed)
    if rows := number_rows(changes):
        _print_numbers(console, rows)


def _print_numbers(console: Console, rows: list[NumbersRow]) -> None:
    changed = titles(rows)
    fitting = _fitting(rows, changed, console.width)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("Product", no_wrap=True, max_width=NAME_WIDTH)
    for title in fitting:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Health", max_width=HEALTH_WIDTH)
    for row in rows:
        table.add_row(
            Text(_name(row), "dim" if row.is_own else ""),
            *(_cell(row, title) for title in fitting),
            Text(row.health),
        )
    console.print(Text("\nNumbers of each product with everything below it", "bold"))
    console.print(table)
    if left := changed[len(fitting) :]:
        console.print(Text(f"Changed too, for a wider terminal: {', '.join(left)}."))
    console.print(Text(LEGEND, "dim"))


def _fitting(rows: list[NumbersRow], changed: list[str], width: int) -> list[str]:
    """Return the first columns that fit beside the name and the health, at least one."""
    room = width - HEALTH_WIDTH - 1 - min(NAME_WIDTH, max(len(_name(row)) for row in rows))
    fitting: list[str] = []
    for title in changed:
        room -= 1 + max(len(title), *(_cell(row, title).cell_len for row in rows))
        if room < 0 and fitting:
            break
        fitting.append(title)
    return fitting


def _name(row: NumbersRow) -> str:
    return "  " * (row.depth + row.is_own) + printable(row.name)


def _cell(row: NumbersRow, title: str) -> Text:
    if title not in row.cells:
        return Text("")
    before, after = row.cells[title]
    text = Text(number(after))
    if change := difference(before, after):
        text.append(f" {change}", "cyan")
    return text
