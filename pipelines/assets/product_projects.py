"""Which projects of Sentry are in the tree of each product, for what only Sentry can count over several of them."""

from __future__ import annotations

import logging
from collections import defaultdict

from pipelines import catalog
from pipelines.catalog import SentryProject
from pipelines.catalog.mapping import Matcher
from pipelines.sentry.read.product_users import ProductProjects
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect
from pipelines.warehouse.synced_projects import synced_project_ids, synced_projects

log = logging.getLogger(__name__)

MOST_PRODUCTS = 200


def product_projects(settings: Settings) -> list[ProductProjects]:
    """Return the products with the ids of the projects in their active tree, roots first, at most 200.

    None for a catalog with errors, which stops the run later, and says why. Projects are those of the last sync.
    """
    if not settings.warehouse.exists():
        return []
    with connect(settings.warehouse, read_only=True) as warehouse:
        rows, ids = synced_projects(warehouse), synced_project_ids(warehouse)
    projects = {ids[row[0], row[1]]: SentryProject.from_row(*row) for row in rows if not row[3]}
    known = catalog.check(settings.seeds, projects.values()).catalog
    if known is None:
        return []
    matcher = Matcher(known.project_products)
    parents = {product.product_id: product.parent_id for product in known.products}
    active = {product.product_id for product in known.products if product.is_active}
    of_product: defaultdict[str, set[str]] = defaultdict(set)
    for project_id, project in projects.items():
        at = next((row.product_id for row in matcher.deciding(project)), None)
        while at is not None:
            of_product[at].add(project_id)
            at = parents[at] if at in active else None  # what is inactive counts for itself alone
    by_depth = sorted(of_product, key=lambda product_id: (_depth(product_id, parents), product_id))
    if len(by_depth) > MOST_PRODUCTS:
        log.warning(
            "UNIQUE_USERS: users are counted for %d of %d products only, those nearest to the roots.",
            MOST_PRODUCTS,
            len(by_depth),
        )
    return [ProductProjects(each, frozenset(of_product[each])) for each in by_depth[:MOST_PRODUCTS]]


def _depth(product_id: str, parents: dict[str, str | None]) -> int:
    depth, at = 0, parents[product_id]
    while at is not None:
        depth, at = depth + 1, parents[at]
    return depth
