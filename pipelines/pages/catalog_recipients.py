"""Rows of recipients.csv: what they would have been sent, and who sees their addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from starlette.requests import Request

from pipelines.catalog import Recipient
from pipelines.catalog.editing import Cells
from pipelines.catalog.recipient_check import address_problem, read_recipients
from pipelines.catalog.recipient_values import SYNC_RULES, environment_name
from pipelines.catalog.tables import RECIPIENTS
from pipelines.notify.history import expected
from pipelines.notify.record import recipient_name
from pipelines.notify.routing import PER_REASON, rules_of
from pipelines.pages.catalog_editor import CatalogEditor, Edit, NotAllowedError, line_after
from pipelines.pages.catalog_fields import Sheet
from pipelines.publish import open_published

HIDDEN = "(for those who may edit)"


def recipient_label(cells: Cells) -> str:
    """Return what a row is called, without an address that lets anybody write there."""
    channel, address = cells.get("channel", "").strip().lower(), cells.get("address", "").strip()
    team = cells.get("team", "").strip()
    if address and _is_harmless(channel, address):
        return recipient_name(team, channel, address)
    return ", ".join(filter(None, (team or "every team", channel)))


def shown_cells(request: Request, sheet: Sheet, cells: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a row as this reader may see them."""
    shown = dict(cells)
    if sheet.table is RECIPIENTS and not _may_edit(request):
        address = shown.get("address", "").strip()
        if not _is_harmless(shown.get("channel", "").strip().lower(), address):
            shown["address"] = HIDDEN
    return shown


def _may_edit(request: Request) -> bool:
    editor: CatalogEditor = request.app.state.editor
    try:
        return bool(editor.require_editor(request))
    except NotAllowedError:
        return False


def _is_harmless(channel: str, address: str) -> bool:
    """Return whether it is none of the addresses that are as good as a password."""
    if not address or environment_name(address) is not None:
        return True
    return channel in ("mail", "jira") and address_problem(channel, address) is None


def sent_last_week(editor: CatalogEditor, edit: Edit, data: bytes) -> list[tuple[str, list[str]]]:
    """Return what the row would have been sent before and after the edit, each with a heading, nothing being sent.

    Raises BusyError while another preview is under way, PublishError where what is published cannot be read.
    """
    with (
        editor.one_preview(),
        editor.edited(edit.table, data) as folder,
        open_published(editor.settings.published) as published,
    ):
        found = []
        for heading, row in (
            ("As it stands", _row(editor.settings.seeds, edit.line)),
            ("After the change", _row(folder, line_after(edit, data))),
        ):
            if row is not None:
                [sent] = expected(published, [row])
                found.append((heading, [f"It {sent.words}.", *_besides(row)]))
        return found


def _row(seeds_dir: Path, line: int | None) -> Recipient | None:
    return next((row for row in read_recipients(seeds_dir) if row.line == line), None)


def _besides(row: Recipient) -> Iterator[str]:
    if row.channel in PER_REASON:
        yield "Each of these is a ticket."
    if row.digest:
        yield f"A {row.digest.period} digest comes besides."
    if any(rule in SYNC_RULES for rule in rules_of(row)):
        yield "Messages about failed and missing syncs come besides."
