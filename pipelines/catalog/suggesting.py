"""Rows to paste into project_products.csv for the projects that have no product."""

from __future__ import annotations

import csv
import io
import sys
from functools import partial
from pathlib import Path

from pipelines.catalog.finding import counted, printable
from pipelines.catalog.mapping import Matcher
from pipelines.catalog.projects import (
    KnownProject,
    NotPublishedError,
    UnassignedProject,
    unassigned_projects,
)
from pipelines.catalog.reading import read
from pipelines.catalog.tables import PROJECT_PRODUCTS


def suggest(seeds_dir: Path, published: Path) -> int:
    """Print one row for each suggestion on standard output, and the reasons on standard error.

    Projects that the files map by now are left out, and the rows have the delimiter of the file. Gives 0, or 1 if
    nothing is published yet.
    """
    try:
        unassigned = unassigned_projects(published)
    except NotPublishedError as error:
        print(error, file=sys.stderr)
        return 1
    mapping = read(seeds_dir, PROJECT_PRODUCTS)
    matcher = Matcher(mapping.rows)
    waiting = [project for project in unassigned if not _is_mapped(project, matcher)]
    _explain(waiting, len(unassigned) - len(waiting), Path(mapping.file))
    for project in waiting:
        if project.product_id:
            cells = [project.organization, project.slug, project.product_id]
            print(delimited(cells, mapping.delimiter))
    return 0


def _is_mapped(project: UnassignedProject, matcher: Matcher) -> bool:
    known = KnownProject(project.organization.lower(), project.slug.lower())
    return bool(matcher.deciding(known))


def delimited(cells: list[str], delimiter: str) -> str:
    """Give the cells as one line of CSV, without its end."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def _explain(waiting: list[UnassignedProject], mapped: int, mapping: Path) -> None:
    say = partial(print, file=sys.stderr)
    if mapped:
        say(f"{counted(mapped, 'project')} mapped since the last publication, not shown.")
    if not waiting:
        say("Every project of Sentry has a product.")
        return
    say(f"{counted(len(waiting), 'project')} of Sentry without a product, the busiest first:")
    width = max(len(f"{project.organization}/{project.slug}") for project in waiting)
    for project in waiting:
        name = f"{project.organization}/{project.slug}"
        numbers = (
            f"{project.unresolved_issues:,} unresolved, {project.events_7d:,} events in 7 days"
        )
        guess = project.product_id or "no suggestion"
        reason = f": {printable(project.reason)}" if project.reason else ""
        say(f"  {printable(name):{width}}  {numbers}; {guess}{reason}")
    if any(project.product_id for project in waiting):
        say(f"Rows to add to {mapping} (check each: these are guesses):")
