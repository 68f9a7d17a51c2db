"""What the working copy of the files would change in what is published, before anyone merges it.

The files are loaded into a copy of the warehouse and the real dbt models run there, so that the numbers are those
that the next run would publish from the same data. No request is made, and only a temporary folder is written to.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from rich.console import Console

from pipelines.catalog.checking import Checked, check
from pipelines.catalog.finding import counted
from pipelines.catalog.loading import load
from pipelines.catalog.projects import how_to_publish, synced_projects
from pipelines.catalog.reporting import check_with_published, compared_with, report
from pipelines.preview import dry_run as rehearsal
from pipelines.preview.changes import Changes, compare
from pipelines.preview.dry_run import RehearsalError
from pipelines.preview.markdown import markdown
from pipelines.preview.terminal import show
from pipelines.publish.contract import Publication, read_publication
from pipelines.publish.errors import PublishError
from pipelines.warehouse.attach import attach


@dataclass(frozen=True)
class Previewed:
    """What a rehearsal showed: the check against all projects of the warehouse, and what was compared.

    `changes` is None if that check has errors.
    """

    checked: Checked
    projects: int
    changes: Changes | None = None
    notes: tuple[str, ...] = ()


def preview(seeds_dir: Path, warehouse: Path, published: Path, *, as_markdown: bool) -> int:
    """Print what would change; gives 0, or 1 if the files have errors or nothing can be compared."""
    checked, compared = check_with_published(seeds_dir, published)
    if checked.errors:
        report(checked, seeds_dir, compared)
        return 1
    if not published.exists():
        print(how_to_publish(published), file=sys.stderr)
        return 1
    waiting = Console(stderr=True).status("Running the models on a copy of the warehouse ...")
    try:
        with tempfile.TemporaryDirectory(prefix="preview-") as folder, waiting:
            found = rehearse(seeds_dir, warehouse, published, Path(folder))
    except RehearsalError as error:
        print(error, file=sys.stderr)
        return 1
    if found.changes is None:
        report(found.checked, seeds_dir, compared_with(found.projects, warehouse))
        return 1
    if as_markdown:
        print(markdown(found.changes, found.notes), end="")
    else:
        show(Console(), found.changes, found.notes)
    return 0


def rehearse(seeds_dir: Path, warehouse: Path, published: Path, folder: Path) -> Previewed:
    """Build the marts of the files in the folder, and compare them with those that are published.

    Where the warehouse holds other syncs than the published file, both sides are built from the warehouse: what
    differs then is the catalog's doing alone. Raises RehearsalError.
    """
    try:
        publication = read_publication(published)
        if not warehouse.exists():
            raise RehearsalError(f"{warehouse}, from which {published.name} was made, is not there")
        copied = rehearsal.copy(warehouse, folder)
        with duckdb.connect(str(copied)) as connection:
            projects = synced_projects(connection)
            checked = check(seeds_dir, projects)
            if checked.catalog is None:
                return Previewed(checked, len(projects))
            load(connection, checked.catalog)
        before, after = published, copied
        is_same_data = rehearsal.has_published_data(copied, published)
        if is_same_data:
            rehearsal.build(copied, rehearsal.REACHED)
        else:
            rehearsal.build(copied, rehearsal.EVERYTHING)
            after, before = folder / "after.duckdb", copied
            rehearsal.snapshot(copied, after)
            rehearsal.load_published_catalog(copied, published)
            rehearsal.build(copied, rehearsal.EVERYTHING)
        with duckdb.connect() as connection:
            attach(connection, before, "before", "read_only")
            attach(connection, after, "after", "read_only")
            changes = compare(connection)
    except PublishError as error:
        raise RehearsalError(str(error)) from error
    except (duckdb.Error, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise RehearsalError(
            f"{warehouse} and {published} cannot be compared: {reason}. If this program was updated since they were "
            "written, run `make sync` first"
        ) from error
    notes = _notes(checked, seeds_dir, publication, changes, is_same_data=is_same_data)
    return Previewed(checked, len(projects), changes, notes)


def _notes(
    checked: Checked,
    seeds_dir: Path,
    publication: Publication,
    changes: Changes,
    *,
    is_same_data: bool,
) -> tuple[str, ...]:
    published = f"published {_minute(publication.published_at)} UTC"
    data = f"data as of {_minute(publication.as_of)} UTC"
    notes = [f"{seeds_dir} compared with the catalog {published} ({data})."]
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
