"""How many people had an error in any project of a product: numbers of issues or projects cannot be added up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pipelines.sentry.dialect import Dialect
from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.http.client import Row, SentryApi
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.plan import FUTURE
from pipelines.sentry.read.error_events import ALL_PROJECTS, count_events
from pipelines.sentry.rows.typed import Fields
from pipelines.sentry.schema import PRODUCT_USERS

log = logging.getLogger("pipelines.sentry")

WINDOWS = (7, 30)
# Ids beyond these make an address too long.
_MOST_PROJECTS = 250


class ProductProjects(NamedTuple):
    """A product and the ids of the projects in its tree, of any organization."""

    product_id: str
    project_ids: frozenset[str]


def read_product_users(
    api: SentryApi,
    organization: str,
    dialect: Dialect,
    products: Sequence[ProductProjects],
    readable: frozenset[str],
    as_of: datetime,
    workers: Workers,
) -> list[Row]:
    """Return rows of `product_users`, without observed_at, of the products that have projects in this organization."""
    most = _MOST_PROJECTS if dialect.many_projects else 1
    tasks = []
    for product in products:
        ids = product.project_ids & readable
        if dialect.many_projects and ids == readable:
            asked = ALL_PROJECTS
        elif len(ids) > most:
            log.warning(
                "%s: users of %s cannot be counted: %d projects are too many for one question.",
                organization,
                product.product_id,
                len(ids),
            )
            continue
        else:
            asked = sorted(ids)
        if ids:
            tasks += [(product.product_id, asked, days) for days in WINDOWS]

    def one(task: tuple[str, list[str], int]) -> Row:
        product_id, asked, days = task
        first = as_of.replace(hour=0, minute=0, second=0) - timedelta(days=days - 1)
        question = {"field": ["count_unique(user)"], "project": asked}
        found = list(count_events(api, organization, question, first, as_of + FUTURE))
        if len(found) != 1:
            raise ChangedTypeError(
                f"{PRODUCT_USERS.name}: expected one row, got {len(found)}. Sentry's API seems to have changed."
            )
        return {
            "organization_slug": organization,
            "product_id": product_id,
            "window_days": days,
            "user_count": Fields(PRODUCT_USERS.name, found[0]).whole("count_unique(user)"),
        }

    return workers.map(one, tasks)
