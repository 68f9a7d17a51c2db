"""CSV as spreadsheets write it: from bytes to rows of text cells, each with its line.

Nothing here knows what the columns mean, except that the delimiter is the one under which the
heading holds the most of the expected columns.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog.finding import quoted

LARGEST_FILE_MB = 64
DELIMITERS = (",", ";", "\t")

FORMATS = {
    b"PK\x03\x04": "an Excel or OpenDocument workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"SQLite format 3": "an SQLite database",
}


class UnreadableError(Exception):
    """The file cannot be read at all; `line` is where, when that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class MissingFileError(UnreadableError):
    """There is no such file."""


@dataclass(frozen=True)
class Text:
    """A decoded file; `problem` says, with its line, that the encoding was only guessed."""

    content: str
    problem: tuple[int, str] | None = None


@dataclass(frozen=True)
class Record:
    """One row: the physical lines (from 1) on which it starts and ends, and its cells as written.

    With `problem`, the quotes are wrong: the cells are a guess from that one line.
    """

    line: int
    last_line: int
    cells: list[str]
    problem: str | None = None


def folder_problem(folder: Path) -> str | None:
    """Return the reason why nothing can be read from the folder, or None."""
    try:
        if not folder.exists():
            return "the folder is missing"
        return None if folder.is_dir() else "is not a folder"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def content(path: Path) -> bytes:
    """Return the bytes of the file, or raise UnreadableError with the reason."""
    try:
        if path.is_dir():
            raise UnreadableError("is a folder, not a file")
        if not path.exists():
            raise MissingFileError("the file is missing")
        if not path.is_file():
            raise UnreadableError("is not a plain file")
        megabytes = path.stat().st_size / 1024 / 1024
        if megabytes > LARGEST_FILE_MB:
            raise UnreadableError(
                f"has {megabytes:,.0f} MB; the largest catalog file that is read has "
                f"{LARGEST_FILE_MB} MB"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error


def decode(data: bytes) -> Text:
    """Return the text of UTF-8 or UTF-16, with or without a byte order mark, or raise."""
    for magic, name in FORMATS.items():
        if data.startswith(magic):
            raise UnreadableError(f"is {name}, not a CSV file; export it as CSV (UTF-8)")
    encoding = encoding_of(data)
    try:
        text, problem = data.decode(encoding), None
    except UnicodeDecodeError as error:
        line = _line_at(error.object[: error.start].decode(encoding, "replace"))
        if encoding != "utf-8-sig":
            damaged = "the UTF-16 text is damaged; save the file as CSV (UTF-8)"
            raise UnreadableError(damaged, line) from error
        text = error.object.decode("cp1252", "replace")
        character = error.object[error.start : error.start + 1].decode("cp1252", "replace")
        problem = (line, f"{quoted(character)} is not in UTF-8; save the file as CSV (UTF-8)")
    if "\0" in text:
        line = _line_at(text[: text.index("\0")])
        binary = "has a NUL character, so it is not a text file; export it as CSV (UTF-8)"
        raise UnreadableError(binary, line)
    return Text(text, problem)


def encoding_of(data: bytes) -> str:
    """Return UTF-16 where the bytes begin like it, else UTF-8, as Python names them."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # A heading is plain ASCII, so that in UTF-16 every other byte of it is zero.
    if len(data) >= 2 and data[0] and not data[1]:
        return "utf-16-le"
    if len(data) >= 2 and data[1] and not data[0]:
        return "utf-16-be"
    return "utf-8-sig"


def _line_at(before: str) -> int:
    ends = before.count("\n") + before.count("\r") - before.count("\r\n")
    return ends + 1


def physical_lines(text: str) -> list[str]:
    """Return the lines as an editor counts them: ended by CR, LF or CRLF and nothing else."""
    return io.StringIO(text, newline="").readlines()


def records(text: str, delimiter: str) -> Iterator[Record]:
    """Return each row that has any text in it, in order.

    After a row whose quotes are wrong, reading goes on with the next physical line, so that one
    forgotten quote does not swallow the rows below it.
    """
    lines = physical_lines(text)
    start = 0
    while start < len(lines):
        reader = csv.reader(
            map(lines.__getitem__, range(start, len(lines))),
            delimiter=delimiter,
            strict=True,
            skipinitialspace=True,
        )
        ended = 0
        try:
            for cells in reader:
                if any(cell and not cell.isspace() for cell in cells):
                    yield Record(start + ended + 1, start + reader.line_num, cells)
                ended = reader.line_num
            return
        except csv.Error as error:
            broken = start + ended
            cells = [cell.strip().strip('"') for cell in lines[broken].split(delimiter)]
            problem = _problem(str(error), broken + 1, start + reader.line_num)
            yield Record(broken + 1, broken + 1, cells, problem)
            start = broken + 1


def _problem(error: str, line: int, last_line: int) -> str:
    if last_line > line or error == "unexpected end of data":
        ran_on = f" (the cell ran on to line {last_line})" if last_line > line else ""
        return (
            f'a quote (") that opens in this row is not closed in it{ran_on}; close it, '
            'or write "" for a quote that belongs to the text'
        )
    if error.startswith("field larger"):
        return f"has a cell of more than {csv.field_size_limit():,} characters; shorten it"
    return (
        'has text after a closing quote ("); put the quotes around the whole cell, '
        'and write "" for a quote that belongs to the text'
    )


def delimiter_of(text: str, columns: tuple[str, ...]) -> str:
    """Return the delimiter under which the first row holds the most of the columns, or a comma."""

    def known(delimiter: str) -> int:
        first = next(records(text, delimiter), None)
        return 0 if first is None else len({heading(cell) for cell in first.cells} & set(columns))

    return max(DELIMITERS, key=known)


def heading(cell: str) -> str:
    """Return the column that a cell of the heading means: `Product ID` is product_id."""
    return "_".join(cell.replace("\ufeff", "").replace("-", " ").replace("_", " ").lower().split())
