"""From a file to its normalized rows, with everything that is wrong about its form and cells."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.catalog import spreadsheet
from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import Finding, counted, printable, quoted
from pipelines.catalog.spreadsheet import MissingFileError, Record, UnreadableError
from pipelines.catalog.tables import TABLES, Column, Table


@dataclass
class Reading:
    """What one file says: its rows in order, and what is wrong with single cells and lines.

    `columns` are those of its heading, none if the file could not be read. `partial_keys` are the
    first cells of rows that are too damaged to be rows.
    """

    file: str
    delimiter: str = ","
    rows: list[Any] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    partial_keys: set[str] = field(default_factory=set)

    def add(
        self,
        line: int | None,
        message: str,
        severity: Literal["error", "warning"] = "error",
        column: str | None = None,
    ) -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(self.file, line, severity, message, column))


def read(seeds_dir: Path, table: Table) -> Reading:
    """Read one table of the folder; whatever the file holds, this gives findings, never raises."""
    path = seeds_dir / table.file
    reading = Reading(str(path))
    try:
        text = spreadsheet.decode(spreadsheet.content(path))
        if text.problem:
            reading.add(*text.problem)
        raise_on_merge_conflict(text.content)
        reading.delimiter = spreadsheet.delimiter_of(text.content, table.names)
        records = spreadsheet.records(text.content, reading.delimiter)
        positions, width = _heading(reading, next(records, None), table)
    except MissingFileError as error:
        another = _another_name(seeds_dir, table)
        if not table.optional:
            needs = f"; it needs at least the heading {','.join(table.required_names)}"
            reading.add(None, f"{error.message}{another or needs}")
        elif another:
            reading.add(None, f"{error.message}{another}", "warning")
    except UnreadableError as error:
        reading.add(error.line, error.message)
    else:
        _rows(reading, records, table, positions, width)
    return reading


def has_rows(seeds_dir: Path, table: Table) -> bool:
    """Return whether a file holds more than its heading; also True if that cannot be known."""
    try:
        text = spreadsheet.decode(spreadsheet.content(seeds_dir / table.file)).content
        delimiter = spreadsheet.delimiter_of(text, table.names)
        records = list(spreadsheet.records(text, delimiter))
    except MissingFileError:
        return False
    except UnreadableError:
        return True
    if len(records) > 1:
        return True
    headings = {spreadsheet.heading(cell) for record in records for cell in record.cells}
    return bool(records) and not headings & set(table.names)


def _another_name(seeds_dir: Path, table: Table) -> str:
    try:
        names = {path.name for path in seeds_dir.iterdir()} - {other.file for other in TABLES}
    except OSError:
        names = set()
    found = Closest(names).find(table.file)
    return f"; is it {quoted(found)}?" if found else ""


def raise_on_merge_conflict(text: str) -> None:
    """Raise UnreadableError where git has left its markers."""
    if "<<<<<<< " not in text:
        return
    for line, content in enumerate(spreadsheet.physical_lines(text), start=1):
        if content.startswith("<<<<<<< "):
            left = "a merge conflict is left here; choose one side and remove its markers"
            raise UnreadableError(left, line)


def _heading(
    reading: Reading, record: Record | None, table: Table
) -> tuple[list[Column | None], int]:
    """Return the column at each position of the heading (None: of no meaning), and its width."""
    expected = printable(reading.delimiter.join(table.required_names))
    if record is None:
        raise UnreadableError(f"the file is empty; the first row must be the heading {expected}")
    if record.problem:
        raise UnreadableError(record.problem, record.line)
    names = [spreadsheet.heading(cell) for cell in record.cells]
    while names and not names[-1]:
        names.pop()
    if not set(names) & set(table.names):
        found = quoted(reading.delimiter.join(cell.strip() for cell in record.cells))
        message = f"the first row must be the heading {expected}; found {found}"
        raise UnreadableError(message, record.line)

    by_name = {column.name: column for column in table.columns}
    missing = [name for name in table.names if name not in names]
    positions: list[Column | None] = []
    for number, name in enumerate(names, start=1):
        column = by_name.pop(name, None)
        if column is None:
            close = Closest(missing).find(name)
            if close is not None:
                missing.remove(close)
                column = by_name.pop(close)
            written = quoted(record.cells[number - 1].strip())
            reading.add(record.line, _unknown_column(number, name, written, close, table))
        positions.append(column)
    if missing := [name for name in missing if name in table.required_names]:
        # It is then unclear where the other columns stand.
        listed = ", ".join(map(quoted, missing))
        are = "column {} is" if len(missing) == 1 else "columns {} are"
        message = f"{are.format(listed)} missing; the heading must be {expected}"
        raise UnreadableError(message, record.line)
    reading.columns = table.names
    return positions, len(record.cells)


def _unknown_column(number: int, name: str, written: str, close: str | None, table: Table) -> str:
    if not name:
        return f"column {number} of the heading has no name; remove the column"
    if name in table.names:
        return f"column {written} is there twice; remove one"
    if close:
        return f"column {written} is not known; call it {quoted(close)}"
    return f"column {written} is not known; remove it (known: {', '.join(table.names)})"


def _rows(
    reading: Reading,
    records: Iterator[Record],
    table: Table,
    positions: list[Column | None],
    width: int,
) -> None:
    place = {column.name: at for at, column in enumerate(positions) if column}
    # An optional column that is not there stands beyond the end of every row.
    plan = [(column, place.get(column.name, sys.maxsize)) for column in table.columns]
    key, key_place = plan[0]
    for record in records:
        problem = record.problem or _too_many_cells(
            record, len(positions), width, reading.delimiter
        )
        if problem:
            reading.add(record.line, problem)
            if key_place < len(record.cells):
                reading.partial_keys.add(key.normalize(record.cells[key_place]))
            continue
        if len(record.cells) < len(positions):
            reading.add(
                record.line,
                f"{counted(len(record.cells), 'cell')}, but the heading has {len(positions)}; "
                "those missing at the end count as blank",
                "warning",
            )
        reading.rows.append(table.row(*_values(reading, record, plan), record.line))


def _too_many_cells(record: Record, named: int, width: int, delimiter: str) -> str | None:
    # Spreadsheets write rectangles: blank cells may go on as far as the heading does, not beyond.
    cells = record.cells
    if len(cells) <= named or (len(cells) <= width and not any(map(str.strip, cells[named:]))):
        return None
    name = {",": "comma", ";": "semicolon", "\t": "tab"}[delimiter]
    return (
        f"{counted(len(cells), 'cell')}, but the heading has {named}; "
        f'put quotes (") around a text with a {name} in it, or remove what is too many'
    )


def _values(reading: Reading, record: Record, plan: list[tuple[Column, int]]) -> Iterator[Any]:
    cells = record.cells
    for column, position in plan:
        cell = cells[position] if position < len(cells) else ""
        text = column.normalize(cell) if cell else ""
        if text:
            value, problem = column.parse(text)
            if record.last_line > record.line and not problem and not column.many_lines:
                problem = _line_break(cell, record)
            if problem:
                message = f"{column.name} {quoted(cell.strip())} {problem}"
                reading.add(record.line, message, column=column.name)
            yield value
        else:
            if column.required:
                message = f"{column.name} is blank; {column.required}"
                reading.add(record.line, message, column=column.name)
            yield column.blank


def _line_break(cell: str, record: Record) -> str | None:
    if len(cell.strip().splitlines()) < 2:
        return None
    return f'runs over lines {record.line} to {record.last_line}; is a quote (") missing?'
