"""What the catalog said and when, and the terms that a month closed with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from .oracle_catalog import dim_projects
from .oracle_facts import DAY, Oracle
from .oracle_history import Life
from .raw_world import Row

PRODUCT = (
    "product_id product_name parent_product_id path owner_team product_priority sla_target_hours"
    " sla_target_hours_high sla_target_hours_medium sla_target_hours_low is_active"
)
ASSIGNMENT = "project_id organization_slug project_slug product_id mapped_by is_deleted"


@dataclass(frozen=True)
class Terms:
    """A priority and the target hours that it stood for."""

    priority: str
    hours: float


def product_history(oracle: Oracle) -> list[Row]:
    stands = ((world.as_of, Oracle(world).products.values()) for world in oracle.worlds)
    return versions("product_id", PRODUCT, stands)


def project_assignment_history(oracle: Oracle) -> list[Row]:
    stands = ((world.as_of, dim_projects(world)) for world in oracle.worlds)
    return versions("project_id", ASSIGNMENT, stands)


def versions(
    key: str,
    columns: str,
    stands: Iterable[tuple[datetime, Iterable[Row]]],
    carried: str = "",
) -> list[Row]:
    """A row for each version of each key, from what stood at each as_of, oldest first.

    What is `carried` makes no version; it is as it was at the as_of at which its version began.

    What is replaced while as_of stands gives way to what replaces it; what then goes altogether
    ends as it begins.
    """
    closed: list[Row] = []
    standing: dict[str, Row] = {}
    kept = f"{columns} {carried}".split()
    for as_of, rows in stands:
        now = {row[key]: {column: row[column] for column in kept} for row in rows}
        for each, version in list(standing.items()):
            compared = columns.split() if version["valid_from"] < as_of else kept
            if each in now and all(now[each][column] == version[column] for column in compared):
                continue
            del standing[each]
            if each not in now or version["valid_from"] < as_of:
                closed.append(version | {"valid_to": as_of})
        for each, row in now.items():
            standing.setdefault(each, row | {"valid_from": as_of, "valid_to": None})
    return [*closed, *standing.values()]


@dataclass(frozen=True)
class TermsOfMonths:
    """What each product promised for the resolves of each month."""

    oracle: Oracle

    @cached_property
    def history(self) -> dict[str, list[Row]]:
        """The versions of each product, oldest first."""
        found: dict[str, list[Row]] = {product_id: [] for product_id in self.oracle.products}
        for version in sorted(product_history(self.oracle), key=lambda row: row["valid_from"]):
            found.setdefault(version["product_id"], []).append(version)
        return found

    @cached_property
    def known(self) -> dict[tuple[str | None, date, str | None], Terms | None]:
        """What was looked up before."""
        return {}

    def of(self, product_id: str | None, day: date, life: Life) -> Terms | None:
        """Those with which its month closed, or that were given first afterwards; None: no target."""
        asked = product_id, day.replace(day=1), life.sla_priority
        if asked not in self.known:
            self.known[asked] = self._look_up(*asked)
        return self.known[asked]

    def _look_up(self, product_id: str | None, month: date, priority: str | None) -> Terms | None:
        over = datetime.combine(_next_month(month), datetime.min.time())
        for version in self.history.get(product_id or "", []):
            hours = version.get(f"sla_target_hours_{priority}")
            if hours is None:
                hours = version["sla_target_hours"]
            in_force = version["valid_to"] is None or version["valid_to"] >= over
            if in_force and hours is not None:
                return Terms(version["product_priority"], hours)
        return None


def _next_month(day: date) -> date:
    return (day.replace(day=1) + 31 * DAY).replace(day=1)
