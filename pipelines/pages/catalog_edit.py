"""What becomes of a form of the catalog: checked, its consequences shown, then written.

It needs no cookie and no secret in the form: `Safety` lets only a form of our own page through, which its browser
vouches for (Sec-Fetch-Site, or Origin against Host), and a page of another site can neither forge nor withhold these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines.catalog import values
from pipelines.catalog.editing import EditError, File, same
from pipelines.catalog.tables import RECIPIENTS
from pipelines.catalog.writing import ChangedError, WriteError
from pipelines.pages.catalog import product_names
from pipelines.pages.catalog_editor import (
    BusyError,
    CatalogEditor,
    CheckedEdit,
    Edit,
    NotAllowedError,
)
from pipelines.pages.catalog_entry import entry_page, label
from pipelines.pages.catalog_fields import Field, Sheet, located, sheet_of
from pipelines.pages.catalog_merge import conflict_page
from pipelines.pages.catalog_recipients import sent_last_week
from pipelines.pages.forms import Form, takes_form
from pipelines.pages.published import Reader
from pipelines.pages.respond import reads, refusal, respond
from pipelines.preview.build_models import DryRunError
from pipelines.preview.dry_run import DryRun
from pipelines.preview.text import (
    LEGEND,
    assignment_lines,
    difference,
    headline,
    issue_lines,
    number,
    number_rows,
    product_lines,
    titles,
)
from pipelines.publish import PublishError

STEPS = ("check", "save", "enter")
ACTIONS = ("add", "change", "remove", "move")


@takes_form
def edit(request: Request, form: Form) -> Response:
    """Check the edit, show its consequences or, confirmed, write it."""

    @reads
    def answer(request: Request, reader: Reader) -> Response:
        return _answer(request, reader, form)

    return answer(request)


def _answer(request: Request, reader: Reader, form: Form) -> Response:
    editor: CatalogEditor = request.app.state.editor
    sheet = sheet_of(request.path_params["table"])
    try:
        name = editor.require_editor(request)
    except NotAllowedError as error:
        return refusal(request, 403, "Nothing was changed", str(error))
    asked = _asked(sheet, form)
    if asked is None:
        return refusal(request, 400, "This form cannot be read", "It is none of these pages.")
    try:
        file = editor.open(sheet.table)
    except EditError as error:
        return refusal(request, 409, "Nothing was changed", str(error))
    if file.fingerprint != asked.fingerprint:
        return conflict_page(request, reader, sheet, file, asked)
    step = form["step"]
    if step == "enter":
        return entry_page(request, reader, sheet, file, asked)
    try:
        data = asked.applied(file)
    except EditError as error:
        return entry_page(request, reader, sheet, file, asked, problem=str(error), status=422)
    checked = editor.check(asked, data, reader)
    if checked.errors:
        return _refused(request, reader, sheet, file, asked, checked)
    if step == "check":
        return _consequences(request, reader, sheet, file, asked, data, checked)
    try:
        editor.save(asked, data, name)
    except ChangedError:
        return conflict_page(request, reader, sheet, editor.open(sheet.table), asked)
    except WriteError as error:
        return refusal(request, 500, "Nothing was changed", str(error))
    return RedirectResponse(f"/catalog/?saved={sheet.name}", status_code=303)


def _asked(sheet: Sheet, form: Form) -> Edit | None:
    """Return the edit of the form, None where a part is missing or unknown."""
    line, place = form.get("line", ""), form.get("place", "0")
    known = {"step", "action", "line", "fingerprint", "place"}
    known |= {f"{side}.{name}" for side in ("cell", "was") for name in sheet.fields}
    is_ours = (
        form.keys() <= known
        and form.get("step") in STEPS
        and form.get("action") in ACTIONS
        and (sheet.is_ordered or form["action"] != "move")
        and "fingerprint" in form
        and all(n.isascii() and n.isdigit() and len(n) < 9 for n in (line, place))
    )
    if not is_ours:
        return None
    cells, was = (
        {name: form[key] for name in sheet.fields if (key := f"{side}.{name}") in form}
        for side in ("cell", "was")
    )
    return Edit(sheet.table, form["action"], int(line), form["fingerprint"], cells, was, int(place))


def _refused(
    request: Request, reader: Reader, sheet: Sheet, file: File, edit: Edit, checked: CheckedEdit
) -> Response:
    problem = None
    if edit.action == "remove":
        problem = "It cannot be removed as long as other rows need it: change those first."
    return entry_page(
        request, reader, sheet, file, edit, checked=checked, problem=problem, status=422
    )


def _consequences(
    request: Request,
    reader: Reader,
    sheet: Sheet,
    file: File,
    edit: Edit,
    data: bytes,
    checked: CheckedEdit,
) -> Response:
    editor: CatalogEditor = request.app.state.editor
    found, sent, why_not, status = None, None, None, 200
    try:
        if not checked.old_errors:
            if sheet.table is RECIPIENTS:
                sent = sent_last_week(editor, edit, data)
            else:
                found = editor.consequences(edit, data)
    except BusyError:
        why_not, status = (
            "Somebody else's edit is being worked out just now. Try again in a moment.",
            503,
        )
    except (DryRunError, PublishError) as error:
        why_not = f"{error}."
    if found and found.changes is None:
        why_not = "Sentry has projects that are not published yet, and the check finds with them:"
    page = respond(
        request,
        reader,
        "catalog_consequences",
        sheet=sheet,
        edit=edit,
        label=label(sheet, edit.was or edit.cells),
        neighbours=_neighbours(sheet, file, edit) if edit.action == "move" else None,
        sent=sent,
        changed=_changed(sheet, file, edit, product_names(editor)),
        warnings=checked.warnings,
        old_errors=located(checked.old_errors),
        why_not=why_not,
        newer=located(found.checked.errors) if found and found.changes is None else [],
        is_busy=status == 503,
        **_numbers(found),
    )
    page.status_code = status
    if status == 503:
        page.headers["retry-after"] = "10"
    return page


def _changed(
    sheet: Sheet, file: File, edit: Edit, products: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return title, text before and text after of each entry that differs."""
    columns = {column.name: column for column in file.columns}
    if edit.action == "move":
        return []
    after = {} if edit.action == "remove" else edit.cells

    def named(field: Field, cell: str) -> str:
        label = field.kind == "product" and products.get(values.lower(cell))
        return f"{label} ({cell.strip()})" if label else cell

    return [
        (field.title, named(field, edit.was.get(name, "")), named(field, after.get(name, "")))
        for name, field in sheet.fields.items()
        if name in columns and not same(columns[name], edit.was.get(name, ""), after.get(name, ""))
    ]


def _neighbours(sheet: Sheet, file: File, edit: Edit) -> dict[str, Any]:
    """Return between which rows the one that is moved would stand, and in which place."""
    others = [row for row in file.rows if row.line != edit.line]
    above, below = others[: edit.place - 1][-1:], others[edit.place - 1 :][:1]
    names = [next((label(sheet, file.cells(row)) for row in rows), None) for rows in (above, below)]
    return {"above": names[0], "below": names[1], "place": edit.place, "of": len(others) + 1}


def _numbers(found: DryRun | None) -> dict[str, Any]:
    if found is None or found.changes is None:
        return {"previewed": False}
    changes = found.changes
    rows = number_rows(changes)
    return {
        "previewed": True,
        "headline": headline(changes) if changes else None,
        "lines": {
            "Products": list(product_lines(changes, str)),
            "Projects": list(assignment_lines(changes, str)),
            "Issues": list(issue_lines(changes, str)),
        },
        "number_rows": rows,
        "titles": titles(rows),
        "legend": LEGEND,
        "compared_with": found.compared_with,
        "notes": found.notes,
        "number": number,
        "difference": difference,
    }
