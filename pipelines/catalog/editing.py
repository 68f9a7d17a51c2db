"""A file changed as a person would: one row replaced, added, removed or moved, every other byte as it was."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pipelines.catalog import spreadsheet
from pipelines.catalog.finding import quoted
from pipelines.catalog.fingerprints import MISSING, fingerprint_of
from pipelines.catalog.reading import raise_on_merge_conflict
from pipelines.catalog.spreadsheet import MissingFileError, Record, UnreadableError
from pipelines.catalog.tables import Column, Table

Cells = Mapping[str, str]
"""The text of each cell by the name of its column."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


class EditError(Exception):
    """The file cannot be changed row by row, or has no such row; the message says why and what to do."""


@dataclass(frozen=True)
class File:
    """One file as it is on the disk, in its own encoding, delimiter, line ends and quoting."""

    table: Table
    fingerprint: str
    mark: bytes
    encoding: str
    lines: tuple[str, ...]
    delimiter: str

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The heading and the rows that have any text in them."""
        return tuple(spreadsheet.records("".join(self.lines), self.delimiter))

    @cached_property
    def places(self) -> dict[str, int]:
        """At which position each column stands."""
        names = [spreadsheet.heading(cell) for cell in self.records[0].cells]
        return {name: names.index(name) for name in self.table.names if name in names}

    @property
    def columns(self) -> list[Column]:
        """The columns that the file has, in the order of the table."""
        return [column for column in self.table.columns if column.name in self.places]

    @property
    def rows(self) -> tuple[Record, ...]:
        """The rows below the heading."""
        return self.records[1:]

    def row(self, line: int) -> Record:
        """Return the row that begins in this line; EditError if none does."""
        for record in self.rows:
            if record.line == line:
                return record
        raise EditError(f"{self.table.file} has no row in line {line}.")

    def cells(self, record: Record) -> dict[str, str]:
        """Return the text of the row's cells by column; those missing at the end are blank."""
        cells = record.cells
        return {
            name: cells[place] if place < len(cells) else "" for name, place in self.places.items()
        }

    def find(self, cells: Cells) -> Record | None:
        """Return the first row with these very cells."""
        return next((record for record in self.rows if self.cells(record) == dict(cells)), None)

    def find_key(self, key: Collection[str], cells: Cells) -> Record | None:
        """Return the first row that means the same in these columns, as far as the file has them."""
        columns = [column for column in self.columns if column.name in key]
        for record in self.rows:
            found = self.cells(record)
            if all(same(each, found[each.name], cells.get(each.name, "")) for each in columns):
                return record
        return None

    def changed(self, line: int, cells: Cells) -> bytes:
        """Return the file with other cells in one row; a cell that means the same stays as it is written."""
        record = self.row(line)
        if record.problem:
            written = values = [""] * self._width
        else:
            written, values = _raw_cells(self._text(record), self.delimiter), list(record.cells)
        written, values = list(written), list(values)
        for column in self.columns:
            place = self.places[column.name]
            old = values[place] if place < len(values) else ""
            new = self._with_our_line_ends(cells.get(column.name, ""))
            if not same(column, old, new):
                missing = [""] * (place + 1 - len(values))
                written, values = written + missing, values + missing
                written[place], values[place] = self._quoted(new), new
        text = self.delimiter.join(written) + _line_end(self._text(record))
        return self._with(record, text, [values])

    def added(self, cells: Cells) -> bytes:
        """Return the file with one more row, below the last one."""
        values, line = self._values(cells), self.line_of(cells)
        last = self.records[-1]
        text = self._text(last)
        ended = _line_end(text)
        added = line + ended if ended else self._line_end + line
        return self._with(last, text + added, [last.cells, values])

    def line_of(self, cells: Cells) -> str:
        """Return a row as this file would have it, without the end of the line."""
        return self.delimiter.join(map(self._quoted, self._values(cells)))

    def removed(self, line: int) -> bytes:
        """Return the file without one row."""
        return self._with(self.row(line), "", [])

    def moved(self, line: int, place: int) -> bytes:
        """Return the file with one row at another place among the rows, 1 for the first.

        Blank lines stay where they are, and so does a last line without an end.
        """
        record = self.row(line)
        if not 1 <= place <= len(self.rows):
            raise EditError(
                f"{self.table.file} has {len(self.rows)} rows; none can be in place {place}."
            )
        order = [each for each in self.rows if each is not record]
        order.insert(place - 1, record)
        content = self.lines[: self.rows[0].line - 1]
        for slot, each in zip(self.rows, order, strict=True):
            text, ended = self._text(each), _line_end(self._text(slot))
            content += (text.removesuffix(_line_end(text)) + ended,)
            content += self.lines[slot.last_line : self._line_after(slot) - 1]
        wanted = [each.cells for each in (self.records[0], *order)]
        return self._encoded("".join(content), wanted, record)

    def _line_after(self, record: Record) -> int:
        """Return the line of the row below, or the one below the last line."""
        below = self.records[self.records.index(record) + 1 :]
        return below[0].line if below else len(self.lines) + 1

    def _values(self, cells: Cells) -> list[str]:
        values = [""] * self._width
        for name, place in self.places.items():
            values[place] = self._with_our_line_ends(cells.get(name, ""))
        return values

    @property
    def _width(self) -> int:
        return len(self.records[0].cells)

    @property
    def _line_end(self) -> str:
        return _line_end(self.lines[0]) or "\n"

    def _text(self, record: Record) -> str:
        return "".join(self.lines[record.line - 1 : record.last_line])

    @cached_property
    def _quotes_everything(self) -> bool:
        raw = _raw_cells(self._text(self.records[0]), self.delimiter)
        return all(cell.lstrip(" ").startswith('"') for cell in raw)

    def _with_our_line_ends(self, text: str) -> str:
        return self._line_end.join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    def _quoted(self, text: str) -> str:
        special = any(letter in text for letter in f'{self.delimiter}"\r\n')
        if special or text != text.strip() or (self._quotes_everything and text):
            return '"' + text.replace('"', '""') + '"'
        return text

    def _with(self, record: Record, text: str, instead: list[list[str]]) -> bytes:
        """Return the file with other text in the place of a row."""
        if not all("".join(cells).strip() for cells in instead):
            raise EditError("The row is blank. Fill it in, or remove it.")
        before, after = self.lines[: record.line - 1], self.lines[record.last_line :]
        content = "".join((*before, text, *after))
        at = self.records.index(record)
        wanted = [each.cells for each in self.records]
        wanted[at : at + 1] = instead
        return self._encoded(content, wanted, record)

    def _encoded(self, content: str, wanted: list[list[str]], record: Record) -> bytes:
        """Return the bytes of the file with this content, once it is sure that its rows are those wanted."""
        if [each.cells for each in spreadsheet.records(content, self.delimiter)] != wanted:
            broken = next((each.line for each in self.records if each.problem), record.line)
            raise EditError(
                f'{self.table.file}: a quote (") in line {broken} is not closed, so that a change of one '
                "row would change others. Repair that line in the file first."
            )
        return self.mark + content.encode(self.encoding)


def open_file(seeds_dir: Path, table: Table) -> File:
    """Return the file, or a new one with its heading where there is none.

    Raises EditError where its rows cannot be told apart, or its heading is not that of the table.
    """
    try:
        data = spreadsheet.content(seeds_dir / table.file)
    except MissingFileError:
        return replace(parse((",".join(table.names) + "\n").encode(), table), fingerprint=MISSING)
    except UnreadableError as error:
        raise EditError(f"{table.file} {error.message}.") from error
    return parse(data, table)


def parse(data: bytes, table: Table) -> File:
    """Return the file that these bytes are; EditError where it cannot be changed row by row."""
    try:
        text = spreadsheet.decode(data)
        raise_on_merge_conflict(text.content)
    except UnreadableError as error:
        place = f"{table.file}:{error.line}" if error.line else table.file
        raise EditError(f"{place}: {error.message}.") from error
    if text.problem:
        raise EditError(f"{table.file}:{text.problem[0]}: {text.problem[1]}.")
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    encoding = _MARKS.get(mark) or spreadsheet.encoding_of(data).removesuffix("-sig")
    content = data[len(mark) :].decode(encoding)
    file = File(
        table,
        fingerprint_of(data),
        mark,
        encoding,
        tuple(spreadsheet.physical_lines(content)),
        spreadsheet.delimiter_of(content, table.names),
    )
    _require_heading(file)
    return file


def same(column: Column, one: str, other: str) -> bool:
    """Return whether two cells of the column mean the same, however they are written."""
    if one == other:
        return True
    (first, wrong), (second, also_wrong) = (_value(column, cell) for cell in (one, other))
    return not (wrong or also_wrong) and bool(first == second)


def _value(column: Column, cell: str) -> tuple[object, str | None]:
    text = column.normalize(cell)
    return column.parse(text) if text else (column.blank, None)


def _require_heading(file: File) -> None:
    table = file.table
    expected = file.delimiter.join(table.required_names)
    if not file.records or file.records[0].problem:
        raise EditError(f"{table.file} has no heading; its first row must be {expected}.")
    names = [name for cell in file.records[0].cells if (name := spreadsheet.heading(cell))]
    missing = [name for name in table.required_names if name not in names]
    strange = [name for name in names if name not in table.names or names.count(name) > 1]
    if missing or strange:
        wrong = ", ".join(map(quoted, missing or dict.fromkeys(strange)))
        state = "lacks" if missing else "has, unknown or twice,"
        raise EditError(
            f"{table.file}:{file.records[0].line}: the heading {state} {wrong}. "
            f"Repair it in the file; it is {expected}."
        )


def _line_end(text: str) -> str:
    return text[len(text.rstrip("\r\n")) :]


def _raw_cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of one well-formed row as they are written, quotes included."""
    cell = re.compile(rf' *"(?:[^"]|"")*"|[^{re.escape(delimiter)}\r\n]*')
    cells, at = [], 0
    while True:
        found = cell.match(text, at)
        assert found is not None  # the second alternative matches nothing at all
        cells.append(found[0])
        at = found.end()
        if at >= len(text) or text[at] != delimiter:
            return cells
        at += 1
