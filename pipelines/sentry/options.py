"""How to sync."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from pipelines.sentry.read.product_users import ProductProjects
from pipelines.sentry.rows.redact import Redaction


@dataclass(frozen=True)
class Options:
    """How to sync; the defaults suit Sentry's limits.

    Attributes:
        concurrency: parallel requests at most.
        full_every: age of the last full sync at which the next one is full.
        activity_budget: activity lists read per run for issues found already resolved.
        categories: hidden issue categories to read too (feedback, configuration).
        events_per_issue: newest stored events to read of each open issue that changed; 0 reads none.
        environments: which environments are production; none: it is not asked for.
        users_of: products whose unique users are counted, and their projects; None counts none.
        first_release_budget: requests per run for the releases in which issues were first seen.

    """

    concurrency: int = 5
    full_every: timedelta = timedelta(hours=24)
    activity_budget: int = 200
    categories: tuple[str, ...] = ()
    events_per_issue: int = 0
    environments: tuple[str, ...] = ()
    users_of: tuple[ProductProjects, ...] | None = None
    first_release_budget: int = 200
    redaction: Redaction = field(default_factory=Redaction)
