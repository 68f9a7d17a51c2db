"""What can be wrong between issue_rules.csv, the products, and Sentry's projects."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from pipelines.catalog.finding import quoted
from pipelines.catalog.mapping_check import check_products_known
from pipelines.catalog.product_check import ProductNames
from pipelines.catalog.projects import SentryProject
from pipelines.catalog.reading import Reading


def check_issue_rules(
    reading: Reading, names: ProductNames, projects: Sequence[SentryProject]
) -> None:
    """Add: unknown products."""
    check_products_known(reading, names)
