"""`/catalog/`: projects without a product first, then the CSVs as tables, and one row of them as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipelines.catalog import Checked, Finding, SentryProject
from pipelines.catalog.editing import EditError, File
from pipelines.catalog.mapping import Matcher
from pipelines.catalog.reading import read
from pipelines.catalog.spreadsheet import Record
from pipelines.catalog.tables import PRODUCTS, PROJECT_PRODUCTS
from pipelines.pages.asked import SIZE, asked
from pipelines.pages.catalog_editor import CatalogEditor, Edit
from pipelines.pages.catalog_entry import entry_page
from pipelines.pages.catalog_fields import SHEETS, Sheet, located, sheet_of
from pipelines.pages.catalog_recipients import shown_cells
from pipelines.pages.catalog_tree import tree
from pipelines.pages.projects import UNASSIGNED
from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import NotThereError, reads, refusal, respond


@reads
def overview(request: Request, reader: Reader) -> Response:
    """Return what waits for a product, how the files are, and whether what they say is published."""
    editor: CatalogEditor = request.app.state.editor
    checked = editor.checked(reader)
    waiting = _waiting(editor, reader)
    return respond(
        request,
        reader,
        "catalog",
        **standing(editor, reader, checked),
        saved=SHEETS.get(request.query_params.get("saved", "")),
        waiting=waiting[:SIZE],
        waiting_in_all=len(waiting),
        products=product_names(editor),
        mapping=_file(editor, SHEETS["project_products"]),
        sheets=[(sheet, _file(editor, sheet)) for sheet in SHEETS.values()],
        seeds=editor.settings.seeds,
        findings=located([*checked.errors, *checked.warnings])[:SIZE],
        findings_in_all=len(checked.findings),
    )


def standing(editor: CatalogEditor, reader: Reader, checked: Checked) -> dict[str, Any]:
    """Return whether the files are edited here, whether they are published, and their errors."""
    published = reader.publication.catalog_fingerprint
    return {
        "is_published": None if published is None else published == editor.fingerprint(),
        "errors": checked.errors,
    }


def _waiting(editor: CatalogEditor, reader: Reader) -> list[Row]:
    """Return the projects without a product that the files do not map by now, the busiest first."""
    matcher = Matcher(read(editor.settings.seeds, PROJECT_PRODUCTS).rows)

    def is_mapped(row: Row) -> bool:
        slugs = row["organization_slug"], row["project_slug"]
        return bool(matcher.deciding(SentryProject.from_row(*slugs, None, False)))

    order = "events_7d desc nulls last, organization_slug, project_slug"
    waiting = reader.run(f"from ({UNASSIGNED.sql}) order by {order}")
    return [row for row in waiting if not is_mapped(row)]


def product_names(editor: CatalogEditor) -> Mapping[str, str]:
    """Return the names from the top down of each product of products.csv, by id; none where it cannot be read."""
    try:
        return {node.product_id: node.label for node in tree(editor.open(PRODUCTS))}
    except EditError:
        return {}


def _file(editor: CatalogEditor, sheet: Sheet) -> File | EditError:
    try:
        return editor.open(sheet.table)
    except EditError as error:
        return error


@reads
def rows(request: Request, reader: Reader) -> Response:
    """Return the rows of one file, 100 a page, those that hold the words `q`."""
    editor: CatalogEditor = request.app.state.editor
    sheet = sheet_of(request.path_params["table"])
    wanted = asked(request.query_params, filters={"q": None}, sorts=("line",), default_sort="line")
    try:
        file = editor.open(sheet.table)
    except EditError as error:
        return refusal(request, 409, f"{sheet.title} cannot be shown as a table", str(error))
    checked = editor.checked(reader)
    shown = _shown(request, sheet, file, (wanted.filters["q"] or "").lower())
    wrong: dict[int | None, list[Finding]] = {}
    for place in located(checked.findings):
        if place.sheet is sheet:
            wrong.setdefault(place.found.line, []).append(place.found)
    return respond(
        request,
        reader,
        "catalog_rows",
        **standing(editor, reader, checked),
        sheet=sheet,
        # Below what a product is, the tree shows.
        columns=[
            name
            for name in sheet.fields
            if name in file.places and (name != "parent_id" or wanted.filters["q"])
        ],
        asked=wanted,
        rows=shown[wanted.offset : wanted.offset + SIZE],
        total=len(shown),
        pages=max(1, -(-len(shown) // SIZE)),
        wrong=wrong,
        products=product_names(editor),
    )


def _shown(request: Request, sheet: Sheet, file: File, words: str) -> list[dict[str, Any]]:
    if sheet.table is PRODUCTS:
        placed = [(node.record, node.depth) for node in tree(file)]
    else:
        placed = [(record, 0) for record in file.rows]
    listed = [
        (record.line, depth, shown_cells(request, sheet, file.cells(record)))
        for record, depth in placed
    ]
    return [
        {"line": line, "depth": 0 if words else depth, "cells": cells}
        for line, depth, cells in listed
        # What is not shown is not searched.
        if words in " ".join(cells.values()).lower()
    ]


@reads
def row(request: Request, reader: Reader) -> Response:
    """Return the form of one row, by its line or its key, or of a new one with the cells that the address gives."""
    editor: CatalogEditor = request.app.state.editor
    sheet = sheet_of(request.path_params["table"])
    line = request.query_params.get("line", "")
    given = {name: request.query_params.get(name, "") for name in sheet.fields}
    try:
        file = editor.open(sheet.table)
        number = int(line) if line.isdecimal() and len(line) < 9 else 0
        record = file.row(number) if line else _named(sheet, file, given)
    except EditError as error:
        raise NotThereError(
            f"{error} The file may have changed since; go back to its rows."
        ) from error
    was = shown_cells(request, sheet, file.cells(record)) if record else {}
    action, number = ("change", record.line) if record else ("add", 0)
    edit = Edit(sheet.table, action, number, file.fingerprint, was or given, was)
    return entry_page(request, reader, sheet, file, edit)


def _named(sheet: Sheet, file: File, given: dict[str, str]) -> Record | None:
    """Return the row of this key, else the one that has it for any organization: a second one would only hide it."""
    if not any(given[name] for name in sheet.key):
        return None
    return file.find_key(sheet.key, given) or file.find_key(sheet.key, given | {"organization": ""})
