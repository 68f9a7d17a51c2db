"""A small catalog without mistakes, in a folder of its own, to be broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog import Checked, SentryProject, check

PRODUCTS = "product_id,name,parent_id,description,owner_team,priority,is_active\n"
MAPPING = "organization,project,product_id\n"
TARGETS = "priority,resolve_within_hours\n"
MATRIX = "priority,issue_priority,resolve_within_hours\n"

SHOP = """shop,Shop,,,commerce,high,
payments,Payment System,shop,,,critical,
checkout,Checkout Flow,payments,,,,
"""
LEDGER = """acme,checkout-*,checkout
,ledger,payments
"""
HIGH = "high,72\n"
HEALTH = "priority,measure,at_risk,critical\n"
RECIPIENTS = "team,channel,address,rules,min_priority,digest,quiet_hours,timezone\n"


@dataclass
class Folder:
    """The folder `seeds`, below the working directory."""

    path: Path

    def write(self, file: str, content: str | bytes | None) -> None:
        """Write one file anew, or remove it."""
        if content is None:
            (self.path / file).unlink(missing_ok=True)
        else:
            data = content.encode() if isinstance(content, str) else content
            (self.path / file).write_bytes(data)

    def check(self, projects: Iterable[SentryProject] = ()) -> Checked:
        return check(self.path, projects)

    def messages(self, projects: Iterable[SentryProject] = ()) -> list[str]:
        return [str(found) for found in self.check(projects).findings]


def small_catalog() -> Folder:
    """Write it below the working directory."""
    seeds = Folder(Path("seeds"))
    seeds.path.mkdir()
    seeds.write("products.csv", PRODUCTS + SHOP)
    seeds.write("project_products.csv", MAPPING + LEDGER)
    seeds.write("sla_targets.csv", TARGETS + HIGH)
    return seeds
