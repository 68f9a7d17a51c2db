"""`make publications`: what is published now, and the earlier publications that are kept."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from pipelines import publish
from pipelines.settings import Settings, shortened


def publications(settings: Settings) -> int:
    """Show the current publication and those kept.

    Raises PublishError where there is none.
    """
    show_publications(shortened(settings.published))
    return 0


def show_publications(target: Path) -> None:
    """Print a table of the publications of `target`, the current one first."""
    table = Table(
        Column("published", no_wrap=True),
        "data as of (UTC)",
        Column("run", overflow="fold"),
        "MB",
        "",
    )
    for publication in publish.publications(target):
        table.add_row(
            publication.label,
            f"{publication.as_of:%Y-%m-%d %H:%M}",
            publication.run_id,
            f"{publication.size_bytes / 1e6:.1f}",
            "current" if publication.path == target else "",
        )
    Console().print(table)
