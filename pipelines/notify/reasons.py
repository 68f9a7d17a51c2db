"""What there is to tell: reasons about issues and products, as one publication shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.catalog.values import PRIORITIES

# Worst last; `no_data` says nothing.
HEALTH_RANKS = {"healthy": 0, "at_risk": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to tell somebody. Times are naive UTC by Sentry's clock.

    `opened_at`: when the stretch began that the reason belongs to: a later one is another reason. `at`: when the
    reason itself began. `is_better`: it is good news. One that is not `is_counted`, as of an inactive product, is known
    but told to nobody.
    """

    rule: str
    organization: str
    subject: str
    opened_at: datetime
    at: datetime
    title: str
    team: str
    product_id: str | None = None
    product_name: str | None = None
    product_priority: str | None = None
    url: str | None = None
    detail: str = ""
    is_better: bool = False
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class ProductState:
    """The health of an active product, since when, and the organizations that its numbers come from."""

    product_id: str
    product_name: str
    team: str
    product_priority: str | None
    health: str
    health_reason: str
    since: datetime
    organizations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a publication shows.

    `organizations`: when each was last synced, None where the sync of this publication did not complete it.
    `parents`: product -> the product above it. `catalog`: a fingerprint of what people decide.
    """

    as_of: datetime
    run_id: str
    catalog: str
    organizations: Mapping[str, datetime | None]
    reasons: tuple[Reason, ...] = ()
    products: tuple[ProductState, ...] = ()
    parents: Mapping[str, str | None] = field(default_factory=dict)

    def above(self, product_id: str) -> set[str]:
        """Return the products above a product."""
        found: set[str] = set()
        at = self.parents.get(product_id)
        while at is not None and at not in found:
            found.add(at)
            at = self.parents.get(at)
        return found


def rank_of(priority: str | None) -> int:
    """Return the place of a priority, 0 for critical; a product without one comes last."""
    return PRIORITIES.index(priority) if priority in PRIORITIES else len(PRIORITIES)


def item_of(reason: Reason) -> dict[str, Any]:
    """Return what a message keeps of a reason, as JSON can hold it."""
    return {
        "organization": reason.organization,
        "subject": reason.subject,
        "opened_at": reason.opened_at.isoformat(),
        "at": reason.at.isoformat(),
        "title": reason.title,
        "url": reason.url,
        "detail": reason.detail,
        "is_better": reason.is_better,
    }
