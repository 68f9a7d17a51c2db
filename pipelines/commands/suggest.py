"""`make suggest`: rows to paste into project_products.csv for the projects that have no product."""

from __future__ import annotations

import csv
import io
import sys
from functools import partial
from pathlib import Path

from pipelines.catalog import SentryProject
from pipelines.catalog.finding import counted, printable
from pipelines.catalog.mapping import Matcher
from pipelines.catalog.reading import read
from pipelines.catalog.tables import PROJECT_PRODUCTS
from pipelines.commands.published_projects import UnassignedProject, unassigned_projects
from pipelines.settings import Settings, shortened


def suggest(settings: Settings) -> int:
    """Print mapping rows for the projects that have no product yet.

    The rows go to standard output, the reasons to standard error. Projects that the files map by now are left out,
    and the rows have the delimiter of the file. Raises PublishError if nothing is published yet.
    """
    unassigned = unassigned_projects(shortened(settings.published))
    mapping = read(settings.seeds, PROJECT_PRODUCTS)
    matcher = Matcher(mapping.rows)
    waiting = [project for project in unassigned if not _is_mapped(project, matcher)]
    _explain(waiting, len(unassigned) - len(waiting), Path(mapping.file))
    for project in waiting:
        if project.product_id:
            cells = [project.organization, project.slug, project.product_id]
            print(delimited(cells, mapping.delimiter))
    return 0


def _is_mapped(project: UnassignedProject, matcher: Matcher) -> bool:
    current = SentryProject.from_row(project.organization, project.slug, None, False)
    return bool(matcher.deciding(current))


def delimited(cells: list[str], delimiter: str) -> str:
    """Return the cells as one line of CSV, without its end."""
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
