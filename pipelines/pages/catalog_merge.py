"""Somebody changed the file meanwhile: what he wrote, what you wrote, and yours again on top of the new file."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from pipelines.catalog.editing import Cells, File, same
from pipelines.catalog.spreadsheet import Record
from pipelines.pages.catalog_editor import Edit
from pipelines.pages.catalog_entry import entry_page
from pipelines.pages.catalog_fields import Sheet
from pipelines.pages.published import Reader
from pipelines.pages.respond import refusal


def conflict_page(
    request: Request, reader: Reader, sheet: Sheet, file: File, edit: Edit
) -> Response:
    """Return 409 with the form for the file as it is now: what only one side changed is merged, the rest is shown."""
    record = _row_now(sheet, file, edit)
    if record is None and edit.action == "remove":
        gone = f"Somebody else has removed this {sheet.row} meanwhile."
        return refusal(request, 409, "It is no longer there", gone)
    if edit.action == "move":
        changed = f"{sheet.table.file} was changed meanwhile, so nothing has been moved. Go back to its rows."
        return refusal(request, 409, "The order may be another by now", changed)
    theirs = file.cells(record) if record else None
    merged = _merged(file, edit, theirs, record)
    return entry_page(
        request,
        reader,
        sheet,
        file,
        merged,
        problem=_explained(sheet, file, edit, theirs),
        theirs=theirs or {},
        status=409,
    )


def _row_now(sheet: Sheet, file: File, edit: Edit) -> Record | None:
    """Return the row that is meant, wherever it stands now: the very same one, else that of the same key."""
    if edit.was and (record := file.find(edit.was)):
        return record
    return file.find_key(sheet.key, edit.was or edit.cells)


def _merged(file: File, edit: Edit, theirs: Cells | None, record: Record | None) -> Edit:
    if record is None or theirs is None:
        cells = edit.cells or edit.was
        return replace(
            edit, action="add", line=0, fingerprint=file.fingerprint, cells=cells, was={}
        )
    mine = edit.cells or edit.was
    cells = {
        column.name: theirs[column.name]
        if same(column, mine.get(column.name, ""), edit.was.get(column.name, ""))
        else mine.get(column.name, "")
        for column in file.columns
    }
    action = "change" if edit.action == "add" else edit.action
    return Edit(edit.table, action, record.line, file.fingerprint, cells, theirs)


def _explained(sheet: Sheet, file: File, edit: Edit, theirs: Cells | None) -> str:
    changed = f"{sheet.table.file} was changed while you edited, so nothing has been saved."
    if theirs is None:
        if edit.action == "add":
            return f"{changed} Nobody added the same {sheet.row}: yours can be applied to the new file."
        return f"{changed} The {sheet.row} is no longer in it; you can add it again."
    if edit.was and theirs == edit.was:
        return (
            f"{changed} Your {sheet.row} is as it was: your change can be applied to the new file."
        )
    return f"{changed} Below is yours on top of the new file; where both of you wrote, theirs stands beside it."
