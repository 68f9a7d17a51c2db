"""A file is changed as a person would change it: one row, and no other byte."""

from __future__ import annotations

import csv
import io
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalog import spreadsheet
from pipelines.catalog.editing import EditError, File, open_file, parse
from pipelines.catalog.fingerprints import MISSING, fingerprint_of
from pipelines.catalog.tables import PRODUCTS, SLA_TARGETS
from pipelines.catalog.writing import ChangedError, WriteError, replace

MARKS = {
    "utf-8": b"",
    "utf-8-sig": b"\xef\xbb\xbf",
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
}
_letters = st.text("ab,;\t\"' =ü商\u2028😀", max_size=6)
_cell = st.tuples(_letters, st.booleans(), st.sampled_from(["", " "]))


@st.composite
def files(draw: st.DrawFn) -> tuple[list[bytes], str, str, str]:
    """Give the lines of a products.csv as any program may write it: bytes, encoding, delimiter, line end."""
    delimiter = draw(st.sampled_from(",;\t"))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(sorted(MARKS)))
    order = draw(st.permutations(PRODUCTS.names))
    width = len(order)

    def written(cell: tuple[str, bool, str]) -> str:
        text, is_quoted, blanks = cell
        if is_quoted or text.strip() != text or any(c in text for c in f'{delimiter}"'):
            return blanks + '"' + text.replace('"', '""') + '"'
        return blanks + text

    heading = [f'"{name}"' if draw(st.booleans()) else name for name in order]
    rows = draw(st.lists(st.lists(_cell, min_size=1, max_size=width), min_size=1, max_size=5))
    lines = [delimiter.join(heading)]
    for row in rows:
        lines.append(delimiter.join(["x", *map(written, row)][:width]))
        lines += draw(st.sampled_from([[], [], [""], [delimiter * (width - 1)]]))
    texts = [line + line_end for line in lines]
    if draw(st.booleans()):
        texts[-1] = texts[-1].removesuffix(line_end)
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    return [text.encode(codec) for text in texts], encoding, delimiter, line_end


values = st.fixed_dictionaries(dict.fromkeys(PRODUCTS.names, _letters)).map(
    lambda cells: cells | {"product_id": "new"}
)


def opened(lines: list[bytes], encoding: str) -> tuple[bytes, File]:
    data = MARKS[encoding] + b"".join(lines)
    return data, parse(data, PRODUCTS)


def read(data: bytes) -> list[list[str]]:
    text = spreadsheet.decode(data).content
    delimiter = spreadsheet.delimiter_of(text, PRODUCTS.names)
    return [record.cells for record in spreadsheet.records(text, delimiter)]


@given(files(), values, st.data())
def test_a_change_of_one_row_leaves_every_other_byte(
    written: tuple[list[bytes], str, str, str], cells: dict[str, str], data: st.DataObject
) -> None:
    lines, encoding, *_ = written
    before, file = opened(lines, encoding)
    record = data.draw(st.sampled_from(file.rows))
    mark, first = MARKS[encoding], b"".join(lines[: record.line - 1])
    rest = b"".join(lines[record.last_line :])

    after = file.changed(record.line, cells)

    assert after.startswith(mark + first)
    assert after.endswith(rest)
    parsed = parse(after, PRODUCTS)
    assert (parsed.delimiter, parsed.encoding) == (file.delimiter, file.encoding)
    meant = parsed.cells(parsed.row(record.line))
    for column in PRODUCTS.columns:
        assert column.normalize(meant[column.name]) == column.normalize(cells[column.name]) or (
            column.parse(column.normalize(meant[column.name]) or "true")
            == column.parse(column.normalize(cells[column.name]) or "true")
        )
    assert file.removed(record.line) == mark + first + rest
    assert file.changed(record.line, file.cells(record)) == before


@given(files(), st.data())
def test_a_moved_row_takes_no_other_byte_along(
    written: tuple[list[bytes], str, str, str], data: st.DataObject
) -> None:
    before, file = opened(*written[:2])
    record = data.draw(st.sampled_from(file.rows))
    place = data.draw(st.integers(1, len(file.rows)))

    after = file.moved(record.line, place)

    rows, old = parse(after, PRODUCTS).rows, [each.cells for each in file.rows]
    moved = old.pop(file.rows.index(record))
    assert [each.cells for each in rows] == [*old[: place - 1], moved, *old[place - 1 :]]
    own = file.rows.index(record) + 1
    assert parse(after, PRODUCTS).moved(rows[place - 1].line, own) == before
    # Only the lines between the two places differ.
    first, last = (file.rows[each - 1] for each in sorted((own, place)))
    lines = written[0]
    assert after.startswith(MARKS[written[1]] + b"".join(lines[: first.line - 1]))
    assert after.endswith(b"".join(lines[last.last_line :]))


@given(files(), values)
def test_a_new_row_stands_below_the_others_in_their_style(
    written: tuple[list[bytes], str, str, str], cells: dict[str, str]
) -> None:
    lines, encoding, delimiter, line_end = written
    before, file = opened(lines, encoding)
    last = file.records[-1].last_line
    head = MARKS[encoding] + b"".join(lines[:last])

    after = file.added(cells)

    assert after.startswith(head)
    assert after.endswith(b"".join(lines[last:]))
    assert read(after)[:-1] == read(before)
    parsed = parse(after, PRODUCTS)
    assert parsed.cells(parsed.rows[-1]) == cells
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    new = after[len(head) : len(after) - len(b"".join(lines[last:]))].decode(codec)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerow(
        [cells[name] for name in sorted(file.places, key=file.places.__getitem__)]
    )
    if not file._quotes_everything and all(cell == cell.strip() for cell in cells.values()):
        assert new.strip("\r\n") == text.getvalue().strip("\r\n")


def test_untouched_cells_of_a_changed_row_stay_as_they_are_written() -> None:
    heading = "product_id,name,parent_id,description,owner_team,priority,is_active\r\n"
    row = '"shop", "Shop", ,"Two\r\nlines",Commerce ,HIGH,Yes\r\n'
    file = parse((heading + row).encode(), PRODUCTS)
    cells = {"product_id": "SHOP", "name": "Shop", "description": "Two\nlines", "priority": "low"}

    after = file.changed(2, {**cells, "owner_team": "Commerce", "is_active": "true"}).decode()

    assert after == heading + row.replace("HIGH", "low")


def test_quotes_around_everything_are_kept_up() -> None:
    file = parse(b'"priority";"issue_priority";"resolve_within_hours"\n"high";"";"72"', SLA_TARGETS)

    assert file.added({"priority": "low", "resolve_within_hours": "90"}).endswith(
        b'"72"\n"low";;"90"'
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no heading"),
        (b"priority;hours\nhigh;3\n", 'lacks "resolve_within_hours"'),
        (b"priority,resolve_within_hours,colour\n", 'unknown or twice, "colour"'),
        (b"priority,resolve_within_hours\nhi\xe4gh,3\n", "not in UTF-8"),
        (b"PK\x03\x04", "Excel"),
        (b"priority,resolve_within_hours\n<<<<<<< ours\n", "merge conflict"),
    ],
)
def test_what_cannot_be_changed_row_by_row_is_said(content: bytes, words: str) -> None:
    with pytest.raises(EditError, match=words):
        parse(content, SLA_TARGETS)


def test_a_quote_that_is_not_closed_keeps_other_rows_from_being_changed() -> None:
    file = parse(b'priority,resolve_within_hours\nhigh,"7\nlow,9\nmedium,8\n', SLA_TARGETS)

    with pytest.raises(EditError, match="line 2 is not closed"):
        file.changed(3, {"priority": ",low", "resolve_within_hours": "9"})
    assert file.changed(2, {"priority": "high", "resolve_within_hours": "7"}) == (
        b"priority,resolve_within_hours\nhigh,7\nlow,9\nmedium,8\n"
    )


def test_a_file_that_is_not_there_begins_with_its_heading(tmp_path: Path) -> None:
    file = open_file(tmp_path, SLA_TARGETS)
    data = file.added({"priority": "high", "resolve_within_hours": "72"})
    replace(tmp_path / SLA_TARGETS.file, data, file.fingerprint)

    assert file.fingerprint == MISSING
    assert (tmp_path / SLA_TARGETS.file).read_text() == (
        "priority,issue_priority,resolve_within_hours\nhigh,,72\n"
    )


def test_what_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(b"theirs")

    for known in (fingerprint_of(b"old"), MISSING):
        with pytest.raises(ChangedError):
            replace(path, b"ours", known)

    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_mode_and_link_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "products.csv"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)

    replace(link, b"new", fingerprint_of(b"old"))

    assert (link.is_symlink(), real.read_bytes(), real.stat().st_mode & 0o777) == (
        True,
        b"new",
        0o640,
    )


def test_of_many_writers_at_once_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(b"old")
    known, won = fingerprint_of(b"old"), []

    def write(number: int) -> None:
        try:
            replace(path, str(number).encode(), known)
            won.append(number)
        except ChangedError:
            pass

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [path.read_bytes().decode()] == [str(number) for number in won]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be written"):
        replace(tmp_path / "gone" / "products.csv", b"new", MISSING)
