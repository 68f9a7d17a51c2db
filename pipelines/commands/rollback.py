"""`make rollback`: the way back to an earlier publication."""

from __future__ import annotations

from pipelines import publish
from pipelines.commands.publications import show_publications
from pipelines.settings import Settings, shortened


def rollback(settings: Settings, label: str | None) -> int:
    """Put an earlier publication back.

    Raises PublishError where there is none, or it breaks the contract.
    """
    target = shortened(settings.published)
    found = publish.rollback(target, label, parquet_folder=settings.parquet)
    print(f"{target} is now the publication of {found.published_at:%Y-%m-%d %H:%M} UTC.")
    show_publications(target)
    return 0
