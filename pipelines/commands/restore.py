"""`make restore`: the way back to an earlier publication."""

from __future__ import annotations

from pipelines import publish
from pipelines.commands.publications import show_publications
from pipelines.settings import Settings, shortened


def restore(settings: Settings, label: str | None) -> int:
    """Put an earlier publication back.

    Raises PublishError where there is none, or it breaks the contract.
    """
    target = shortened(settings.published)
    restored = publish.restore(target, label, parquet_folder=settings.parquet)
    print(f"{target} is now the publication of {restored.published_at:%Y-%m-%d %H:%M} UTC.")
    show_publications(target)
    return 0
