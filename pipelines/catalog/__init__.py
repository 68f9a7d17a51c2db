"""The product catalog: the CSV files that say which products there are, and their projects.

People edit a few files in one folder. `check` reads them as spreadsheets write them, normalizes
them and explains every mistake where it stands; `load` puts a catalog without mistakes into the
warehouse, so that the check and the dbt models see the same rows. Imports no other room.
"""

from pipelines.catalog.checking import Catalog, Checked, check
from pipelines.catalog.finding import Finding
from pipelines.catalog.fingerprints import fingerprint
from pipelines.catalog.issue_rule_check import RuleKey
from pipelines.catalog.loading import load, note_files
from pipelines.catalog.projects import SentryProject
from pipelines.catalog.recipient_check import read_recipients
from pipelines.catalog.tables import (
    HealthTarget,
    IssueRule,
    Product,
    ProjectProduct,
    Recipient,
    SlaTarget,
)

__all__ = [
    "Catalog",
    "Checked",
    "Finding",
    "HealthTarget",
    "IssueRule",
    "Product",
    "ProjectProduct",
    "Recipient",
    "RuleKey",
    "SentryProject",
    "SlaTarget",
    "check",
    "fingerprint",
    "load",
    "note_files",
    "read_recipients",
]
