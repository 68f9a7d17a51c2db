"""One edit of a CSV: whether it may be made, what the check says to it, what it changes, and the writing of it."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from starlette.requests import Request

from pipelines.addresses import is_loopback
from pipelines.catalog import Checked, Finding, SentryProject, check, fingerprint
from pipelines.catalog.editing import Cells, File, open_file, parse
from pipelines.catalog.finding import printable
from pipelines.catalog.tables import TABLES, Table
from pipelines.catalog.writing import replace
from pipelines.pages.published import Reader
from pipelines.preview.dry_run import DryRun, dry_run
from pipelines.settings import Settings
from pipelines.webserver import host_name

LONGEST_PREVIEW_SECONDS = 240
_DONE = {"add": "added", "change": "changed", "remove": "removed", "move": "moved"}
_LINES = re.compile(r"\blines? [\d, ]*\d\b")

edit_log = logging.getLogger(__name__)


class NotAllowedError(Exception):
    """The catalog may not be changed by this request; the message says why, and what would let it."""


class BusyError(Exception):
    """The consequences of another edit are being computed."""


@dataclass(frozen=True)
class Edit:
    """A change of one row of one file, as a form asks for it.

    `action` is add, change, remove or move; `line` that of the row, 0 for a new one; `was` its cells when the form was
    made from the file with this fingerprint; `place` where a moved row is to stand, 1 for the first.
    """

    table: Table
    action: str
    line: int
    fingerprint: str
    cells: Cells
    was: Cells
    place: int = 0

    def applied(self, file: File) -> bytes:
        """Return the file with the change; EditError where it cannot be."""
        if self.action == "add":
            return file.added(self.cells)
        if self.action == "remove":
            return file.removed(self.line)
        if self.action == "move":
            return file.moved(self.line, self.place)
        return file.changed(self.line, self.cells)


@dataclass(frozen=True)
class CheckedEdit:
    """What the check says to an edit: on its own row, as new errors elsewhere, and what was wrong before."""

    row: tuple[Finding, ...]
    new: tuple[Finding, ...]
    old_errors: tuple[Finding, ...]
    checked: Checked

    @property
    def errors(self) -> list[Finding]:
        """What keeps the edit from being saved."""
        return [found for found in (*self.row, *self.new) if found.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """What is worth a look and keeps nothing from being saved."""
        return [found for found in (*self.row, *self.new) if found.severity == "warning"]


class CatalogEditor:
    """The CSVs of these settings; SettingsError where the settings of editing do not go together."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_on = settings.edits_catalog
        self._previews = Lock()

    def require_editor(self, request: Request) -> str:
        """Return who edits, as the proxy names him; NotAllowedError where nobody may."""
        if not self.is_on:
            raise NotAllowedError("Editing is off here. PAGES_EDITING=on in .env allows it.")
        header = self.settings.pages_user_header
        if not header:
            if is_loopback(host_name(request.headers.get("host", ""))):
                return "somebody on this machine"
            raise NotAllowedError(
                "Editing is for this machine alone. For others, PAGES_USER_HEADER has to name the header in which "
                "the proxy says who has logged in."
            )
        names = [name.strip() for name in request.headers.getlist(header)]
        if len(names) != 1 or not names[0]:
            raise NotAllowedError(
                f"The proxy does not say who you are: the header {header} is to have your name, once. "
                "Open the pages through the proxy, or see its configuration."
            )
        # Headers come as Latin-1, whatever the proxy meant.
        return names[0].encode("latin-1").decode("utf-8", "replace")

    def open(self, table: Table) -> File:
        """Return the file as it is now; EditError where it cannot be edited here."""
        return open_file(self.settings.seeds, table)

    def fingerprint(self) -> str:
        """Return that of all files together."""
        return fingerprint(self.settings.seeds)

    def checked(self, reader: Reader) -> Checked:
        """Return what the check says to the files as they are now."""
        kept, known = reader.publication.kept, self.fingerprint()
        if kept.get("catalog", ("",))[0] != known:
            kept["catalog"] = known, _check(self.settings.seeds, reader)
        checked: Checked = kept["catalog"][1]
        return checked

    def check(self, edit: Edit, data: bytes, reader: Reader) -> CheckedEdit:
        """Return what the check says to the file with the change, set apart from what it said before."""
        before = self.checked(reader)
        with self.edited(edit.table, data) as folder:
            after = _check(folder, reader)
        line = line_after(edit, data)
        known = Counter(map(_without_lines, before.findings))
        row, new, old = [], [], []
        for found in after.findings:
            if Path(found.file).name == edit.table.file and found.line == line:
                row.append(found)
            elif known[_without_lines(found)] > 0:
                known[_without_lines(found)] -= 1
                old.append(found)
            else:
                new.append(found)
        errors = tuple(found for found in old if found.severity == "error")
        return CheckedEdit(tuple(row), tuple(new), errors, after)

    def consequences(self, edit: Edit, data: bytes) -> DryRun:
        """Return what the edit would change in what is published: the preview of the command line.

        It takes some ten seconds. Raises BusyError while another is under way, DryRunError where it cannot be.
        """
        with self.one_preview(), self.edited(edit.table, data) as folder:
            settings = self.settings.model_copy(update={"seeds_dir": folder})
            return dry_run(settings, LONGEST_PREVIEW_SECONDS)

    @contextmanager
    def one_preview(self) -> Iterator[None]:
        """Keep other previews out; BusyError while one is under way."""
        if not self._previews.acquire(blocking=False):
            raise BusyError
        try:
            yield
        finally:
            self._previews.release()

    def save(self, edit: Edit, data: bytes, editor: str) -> None:
        """Write the file; ChangedError if it is another by now, WriteError where it cannot be written."""
        path = self.settings.seeds / edit.table.file
        replace(path, data, edit.fingerprint)
        row = "a new row" if edit.action == "add" else f"the row of line {edit.line}"
        verb = _DONE[edit.action]
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        name = json.dumps(printable(editor), ensure_ascii=False)
        edit_log.info("%s %s %s %s in %s", now, name, verb, row, path.absolute())

    @contextmanager
    def edited(self, table: Table, data: bytes) -> Iterator[Path]:
        """Give a folder in which this file has these bytes, and the others are those of the catalog."""
        with tempfile.TemporaryDirectory(prefix="catalog-") as name:
            folder = Path(name)
            for other in TABLES:
                path = self.settings.seeds.absolute() / other.file
                if other is not table and os.path.lexists(path):
                    (folder / other.file).symlink_to(path)
            (folder / table.file).write_bytes(data)
            yield folder


def _check(seeds_dir: Path, reader: Reader) -> Checked:
    projects = [SentryProject.from_row(**row) for row in reader.rows("sentry_projects")]
    # A file of an earlier version may be put back: it has no rules.
    has_rules = ("issue_rules", "line") in reader.publication.comments
    unrouted = [tuple(row.values()) for row in reader.rows("unrouted_rules")] if has_rules else ()
    return check(seeds_dir, projects, unrouted)


def line_after(edit: Edit, data: bytes) -> int | None:
    """Return the line of the row in the file with the change, None if it is not in it any more."""
    if edit.action == "remove":
        return None
    if edit.action == "change":
        return edit.line
    return parse(data, edit.table).rows[edit.place - 1].line


def _without_lines(found: Finding) -> tuple[str, str, str]:
    """Return what is the same about a finding where rows above it come or go."""
    return Path(found.file).name, found.severity, _LINES.sub("line", found.message)
