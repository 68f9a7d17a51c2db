"""The product catalog: the CSV files that say which products there are, and their projects.

People edit three files in one folder. `check` reads them as spreadsheets write them, normalizes
them and explains every mistake where it stands; `load` puts a catalog without mistakes into the
warehouse, so that the check and the dbt models see the same rows. Nothing here knows Dagster or
dbt.

    python -m pipelines.catalog check       every mistake at once, in about a second
    python -m pipelines.catalog suggest     rows to paste for projects without a product
    python -m pipelines.catalog preview     what the files would change in what is published
"""

from pipelines.catalog.checking import Catalog, Checked, check
from pipelines.catalog.finding import Finding
from pipelines.catalog.fingerprints import fingerprint
from pipelines.catalog.loading import load
from pipelines.catalog.projects import (
    KnownProject,
    NotPublishedError,
    published_projects,
    synced_projects,
)
from pipelines.catalog.tables import Product, ProjectProduct, SlaTarget

__all__ = [
    "Catalog",
    "Checked",
    "Finding",
    "KnownProject",
    "NotPublishedError",
    "Product",
    "ProjectProduct",
    "SlaTarget",
    "check",
    "fingerprint",
    "load",
    "published_projects",
    "synced_projects",
]
