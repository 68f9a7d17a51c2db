"""The marts as the working copy of the files would make them, compared with those that are published.

The files are loaded into a copy of the warehouse and the real dbt models run there, so that the numbers are those
that the next run would publish from the same data. No request is made, and only a temporary folder is written to.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.catalog import Checked, SentryProject, check, load
from pipelines.catalog.finding import counted
from pipelines.preview.build_models import (
    DOWNSTREAM_OF_CATALOG,
    EVERYTHING,
    DryRunError,
    build_models,
)
from pipelines.preview.changes import Changes, compare
from pipelines.preview.warehouse_copy import (
    copy_warehouse,
    has_published_data,
    load_published_catalog,
    save_compared,
)
from pipelines.publish import Publication, PublishError, open_published, read_publication
from pipelines.settings import Settings, shortened
from pipelines.warehouse.attach import attach
from pipelines.warehouse.damage import damage, explanation
from pipelines.warehouse.synced_projects import synced_projects


@dataclass(frozen=True)
class DryRun:
    """What a dry run found: the check against all projects of the warehouse, and what differs.

    `changes` is None if that check has errors; `compared_with` names what is published.
    """

    checked: Checked
    projects: int
    changes: Changes | None = None
    compared_with: str = ""
    notes: tuple[str, ...] = ()


def dry_run(settings: Settings, seconds: float | None = None) -> DryRun:
    """Build the marts of the files in SEEDS_DIR, and compare them with those that are published.

    Where the warehouse holds other syncs than the published file, both sides are built from the warehouse: what
    differs then is the catalog's doing alone. Raises DryRunError, also when building takes more than `seconds`.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    with _folder(settings) as folder:
        return _dry_run(settings, folder, deadline)


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(
            prefix="preview-", dir=settings.data, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise DryRunError(
            f"{shortened(settings.data)} cannot be written to ({error.strerror}), and a preview copies the warehouse "
            "there. Let the user of this program write to it, or set DATA_DIR"
        ) from error
    with made as folder:
        yield Path(folder)


def _dry_run(settings: Settings, folder: Path, deadline: float | None) -> DryRun:
    warehouse, published = shortened(settings.warehouse), shortened(settings.published)
    try:
        publication = read_publication(published)
        if not warehouse.exists():
            raise DryRunError(f"{warehouse}, from which {published.name} was made, is not there")
        copied = copy_warehouse(warehouse, folder)
        checked, projects = _load_catalog(settings, copied)
        if checked.catalog is None:
            return DryRun(checked, projects)
        with open_published(published) as connection:
            is_same_data, changes = _changes(connection, copied, settings, deadline)
    except PublishError as error:
        raise DryRunError(str(error)) from error
    except (duckdb.Error, OSError) as error:
        raise _not_comparable(settings, error) from error
    notes = _notes(checked, changes, is_same_data=is_same_data)
    return DryRun(checked, projects, changes, _named(publication), notes)


def _load_catalog(settings: Settings, warehouse: Path) -> tuple[Checked, int]:
    """Check the files against the projects of the warehouse, and load them there unless they have errors."""
    with duckdb.connect(str(warehouse)) as connection:
        projects = [SentryProject.from_row(*row) for row in synced_projects(connection)]
        checked = check(settings.seeds, projects)
        if checked.catalog is not None:
            load(connection, checked.catalog)
    return checked, len(projects)


def _changes(
    published: duckdb.DuckDBPyConnection,
    warehouse: Path,
    settings: Settings,
    deadline: float | None,
) -> tuple[bool, Changes]:
    """Return whether the warehouse holds the published data, and what differs; builds on the way."""
    try:
        if has_published_data(published, warehouse):
            # Of a build on Spark, the marts alone are here: the rest is made on this machine.
            selection = DOWNSTREAM_OF_CATALOG if settings.models_on == "duckdb" else EVERYTHING
            build_models(warehouse, selection, settings, deadline)
            attach(published, warehouse, "edited", "read_only")
            return True, compare(published, before="published", after="edited")
        edited = warehouse.with_name("edited.duckdb")
        build_models(warehouse, EVERYTHING, settings, deadline)
        save_compared(warehouse, edited)
        load_published_catalog(published, warehouse)
        build_models(warehouse, EVERYTHING, settings, deadline)
        attach(published, edited, "edited", "read_only")
        attach(published, warehouse, "rebuilt", "read_only")
        return False, compare(published, before="rebuilt", after="edited")
    except duckdb.Error as error:
        raise _not_comparable(settings, error) from error


def _not_comparable(settings: Settings, error: Exception) -> DryRunError:
    if damaged := damage(error):
        return DryRunError(explanation(settings.warehouse, damaged))
    reason = str(error).partition("\n")[0]
    return DryRunError(
        f"{shortened(settings.warehouse)} and {shortened(settings.published)} cannot be compared: {reason}. "
        "If this program was updated since they were written, run `make sync` first"
    )


def _named(publication: Publication) -> str:
    published = f"published {_minute(publication.published_at)} UTC"
    return f"the catalog {published} (data as of {_minute(publication.as_of)} UTC)"


def _notes(checked: Checked, changes: Changes, *, is_same_data: bool) -> tuple[str, ...]:
    notes = []
    if not is_same_data:
        notes.append(
            "The warehouse holds other syncs than the published file: the numbers of both sides are computed from "
            "the warehouse, so that they differ by the catalog alone."
        )
    if checked.warnings:
        notes.append(f"make check has {counted(len(checked.warnings), 'warning')}.")
    if not changes:
        notes.append("Nothing would change.")
    return tuple(notes)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
