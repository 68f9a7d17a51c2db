"""The form of one row, with what is wrong with each entry beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipelines.catalog import Finding, values
from pipelines.catalog.editing import Cells, EditError, File
from pipelines.catalog.tables import ISSUE_RULES, PRODUCTS, RECIPIENTS
from pipelines.pages.catalog_editor import CatalogEditor, CheckedEdit, Edit
from pipelines.pages.catalog_fields import SHEETS, Field, Sheet, located
from pipelines.pages.catalog_recipients import recipient_label
from pipelines.pages.catalog_rules import matched
from pipelines.pages.catalog_tree import tree
from pipelines.pages.published import Reader
from pipelines.pages.respond import respond


def entry_page(
    request: Request,
    reader: Reader,
    sheet: Sheet,
    file: File,
    edit: Edit,
    *,
    checked: CheckedEdit | None = None,
    problem: str | None = None,
    theirs: Cells | None = None,
    status: int = 200,
) -> Response:
    """Return the form with the cells of the edit.

    `checked` and `problem` say what is wrong with them; `theirs`: what somebody else has written meanwhile.
    """
    editor: CatalogEditor = request.app.state.editor
    findings = checked.row if checked else _now(editor, reader, edit)
    names = [name for name in sheet.fields if name in file.places]
    beside: dict[str, list[Finding]] = {name: [] for name in names}
    above = [*(checked.new if checked else ())]
    for found in findings:
        beside.get(found.column or "", above).append(found)
    lists = _Lists(editor, reader, edit)
    page = respond(
        request,
        reader,
        "catalog_entry",
        sheet=sheet,
        edit=edit,
        label=label(sheet, edit.was or edit.cells),
        places=_places(sheet, file, edit) if theirs is None else None,
        entries=[
            {
                "name": name,
                "field": sheet.fields[name],
                "value": _as_option(sheet.fields[name], edit, name),
                "options": lists.of(sheet.fields[name]),
                "findings": beside[name],
                "theirs": theirs.get(name, "") if theirs and name in theirs else None,
            }
            for name in names
        ],
        above=located(above),
        problem=problem,
        matched=matched(reader, edit.cells) if sheet.table is ISSUE_RULES else None,
        merging=theirs is not None,
        lacking=[sheet.fields[name].title for name in sheet.fields if name not in file.places],
    )
    page.status_code = status
    return page


def label(sheet: Sheet, cells: Cells) -> str:
    """Return what the row is called: its first entries that say something."""
    if sheet.table is RECIPIENTS and any(cells.values()):
        return recipient_label(cells)
    names = ("name",) if sheet.table is PRODUCTS else sheet.key
    words = [cells.get(name, "").strip() for name in names]
    return " / ".join(word for word in words if word) or f"this {sheet.row}"


def _places(sheet: Sheet, file: File, edit: Edit) -> dict[str, int] | None:
    """Return the place of the row and how many there are, 1 for the first; None where the order means nothing."""
    lines = [record.line for record in file.rows]
    if not sheet.is_ordered or edit.line not in lines:
        return None
    return {"own": lines.index(edit.line) + 1, "last": len(lines)}


def _now(editor: CatalogEditor, reader: Reader, edit: Edit) -> list[Finding]:
    """Return what is wrong with the row as it stands in the file."""
    if edit.action == "add":
        return []
    return [
        place.found
        for place in located(editor.checked(reader).findings)
        if place.found.line == edit.line and place.sheet and place.sheet.table is edit.table
    ]


def _as_option(field: Field, edit: Edit, name: str) -> str:
    """Return the cell as the choice that means the same, or as it is written."""
    cell = edit.cells.get(name, "")
    if field.kind not in ("choice", "product"):
        return cell
    text = values.lower(cell)
    if name != "is_active":
        return text
    value, problem = values.parse_boolean(text) if text else (True, None)
    return text if problem else str(value).lower()


class _Lists:
    """What can be chosen: from the files, and from Sentry's projects."""

    def __init__(self, editor: CatalogEditor, reader: Reader, edit: Edit) -> None:
        self._editor, self._reader, self._edit = editor, reader, edit

    def of(self, field: Field) -> Mapping[str, str]:
        """Return the value and label of each option."""
        if field.kind == "product":
            return {**field.options, **self._products()}
        if field.kind == "teams":
            return {**field.options, **self._teams()}
        if field.kind == "organizations":
            return self._known("organization_slug")
        if field.kind == "projects":
            return self._known("project_slug")
        return field.options

    def _products(self) -> dict[str, str]:
        """Return the products; of those that a product can be part of, not itself and what is below it."""
        own = values.lower(self._edit.was.get("product_id", ""))
        is_product = self._edit.table is PRODUCTS
        return {
            node.product_id: node.label
            for node in self._tree()
            if not (is_product and own and own in (node.product_id, *node.above))
        }

    def _teams(self) -> dict[str, str]:
        file = self._file()
        teams = (
            {file.cells(row).get("owner_team", "").strip() for row in file.rows} if file else set()
        )
        return dict.fromkeys(sorted(teams - {""}, key=str.lower), "")

    def _known(self, column: str) -> dict[str, str]:
        rows = self._reader.run(
            f"select distinct {column} as name from marts.dim_projects where not is_deleted order by 1"
        )
        return {row["name"]: "" for row in rows}

    def _tree(self) -> list[Any]:
        file = self._file()
        return list(tree(file)) if file else []

    def _file(self) -> File | None:
        try:
            return self._editor.open(SHEETS["products"].table)
        except EditError:
            return None
