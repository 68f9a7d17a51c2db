"""`make preview`: what the working copy of the CSV files would change in what is published."""

from __future__ import annotations

import sys

from rich.console import Console

from pipelines.commands.check import check_with_published, compared_with, report
from pipelines.preview.dry_run import dry_run
from pipelines.preview.markdown import markdown
from pipelines.preview.terminal import show
from pipelines.publish import how_to_publish
from pipelines.settings import Settings, shortened


def preview(settings: Settings, as_markdown: bool) -> int:
    """Show what the CSV files would change in what is published, and change nothing.

    Raises DryRunError where nothing can be compared.
    """
    checked, compared = check_with_published(settings)
    if checked.errors:
        report(checked, settings.seeds, compared)
        return 1
    if not settings.published.exists():
        print(how_to_publish(shortened(settings.published)), file=sys.stderr)
        return 1
    waiting = Console(stderr=True).status("Running the models on a copy of the warehouse ...")
    with waiting:
        found = dry_run(settings)
    if found.changes is None:
        report(
            found.checked,
            settings.seeds,
            compared_with(found.projects, shortened(settings.warehouse)),
        )
        return 1
    notes = (f"{settings.seeds} compared with {found.compared_with}.", *found.notes)
    if as_markdown:
        print(markdown(found.changes, notes), end="")
    else:
        show(Console(), found.changes, notes)
    return 0
