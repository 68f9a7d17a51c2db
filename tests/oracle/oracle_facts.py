"""The figures of issues, projects and days, counted one by one from raw rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from .oracle_catalog import Catalog, dim_projects
from .oracle_history import HOUR, Life, Resolve, last_survivor, lives
from .raw_world import RawWorld, Row

DAY = timedelta(days=1)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The interpolated percentile; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, len(ordered) - 1)]
    return below + (above - below) * (place - int(place))


@dataclass(frozen=True)
class Oracle:
    """Answers every report from the raw rows of one world, and from what earlier ones said."""

    world: RawWorld
    earlier: tuple[RawWorld, ...] = ()

    @property
    def worlds(self) -> tuple[RawWorld, ...]:
        """Every world that a build has seen, oldest first."""
        return (*self.earlier, self.world)

    @cached_property
    def as_of(self) -> datetime:
        return self.world.as_of

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog(
            {product["product_id"]: product for product in self.world.products},
            {
                (row["priority"], row["issue_priority"]): row["resolve_within_hours"]
                for row in self.world.sla_targets
            },
        )

    @cached_property
    def products(self) -> dict[str, Row]:
        """The rows of dim_products by product id."""
        return {row["product_id"]: row for row in self.catalog.dim_products()}

    @cached_property
    def projects(self) -> dict[str, Row]:
        return {project["project_id"]: project for project in dim_projects(self.world)}

    @cached_property
    def lives(self) -> list[Life]:
        return lives(self.world)

    @cached_property
    def events(self) -> dict[str, dict[date, int]]:
        """Event counts per project and day, up to the day of as_of."""
        found: dict[str, dict[date, int]] = {project_id: {} for project_id in self.projects}
        for row in self.world.raw["project_daily_events"]:
            if row["date_on"] <= self.as_of.date():
                found[row["project_id"]][row["date_on"]] = row["event_count"]
        return found

    def product_of(self, life: Life) -> str | None:
        return self.projects[life.row["project_id"]]["product_id"]

    def target_of(self, life: Life) -> float | None:
        product_id = self.product_of(life)
        return None if product_id is None else self.catalog.target_of(product_id, life.sla_priority)

    @cached_property
    def live_by_project(self) -> dict[str, list[Life]]:
        found: dict[str, list[Life]] = {project_id: [] for project_id in self.projects}
        for life in self.lives:
            if life.is_live:
                found[life.row["project_id"]].append(life)
        return found

    @cached_property
    def projects_of(self) -> dict[str | None, list[str]]:
        """Ids of the projects that still exist, per product (None: unassigned)."""
        found: dict[str | None, list[str]] = {None: []} | {key: [] for key in self.catalog.products}
        for project_id, project in self.projects.items():
            if not project["is_deleted"]:
                found[project["product_id"]].append(project_id)
        return found

    def tree(self, product_id: str) -> list[str]:
        return [below for below, _ in self.catalog.active_tree(product_id)]

    def live(self, products: Iterable[str | None]) -> list[Life]:
        """The live issues of these products."""
        return [
            life
            for product_id in products
            for project_id in self.projects_of[product_id]
            for life in self.live_by_project[project_id]
        ]

    def window(self, days: int, ago: int = 0) -> set[date]:
        """The `days` UTC days that end `ago` days before as_of's."""
        return {self.as_of.date() - (ago + back) * DAY for back in range(days)}

    def in_window(self, moment: datetime, days: int, ago: int = 0) -> bool:
        return self.day_of(moment) in self.window(days, ago)

    def events_on(self, project_id: str, day: date) -> int | None:
        """None before the first day of which a count is known; a later day without one had none."""
        known = self.events[project_id]
        return known.get(day, 0) if known and day >= min(known) else None

    def events_in(self, projects: Iterable[str], days: int, ago: int = 0) -> int | None:
        """Events of a window, as far as they are known; None if of no day and project they are."""
        found = [
            self.events_on(project_id, day)
            for project_id in projects
            for day in self.window(days, ago)
        ]
        known = [count for count in found if count is not None]
        return sum(known) if known else None

    def events_known_from(self, projects: Iterable[str]) -> date | None:
        """The first day from which on every project's counts are known."""
        first = [min(self.events[project_id], default=None) for project_id in projects]
        return None if None in first else max((day for day in first if day), default=None)

    def known_for_growth(self, projects: list[str]) -> list[str]:
        """Those of which each of the fourteen days that are over is known."""
        latest = self.as_of.date() - 14 * DAY
        return [each for each in projects if min(self.events[each], default=date.max) <= latest]

    def events_growth_7d(self, projects: list[str]) -> float | None:
        """The last seven days that are over, as a multiple of the seven before, where all are known."""
        known = self.known_for_growth(projects)
        before = self.events_in(known, 7, ago=8)
        return (self.events_in(known, 7, ago=1) or 0) / before if before else None

    @cached_property
    def issue_days(self) -> dict[str, dict[date, int]]:
        """Event counts per issue and day, of the two weeks that end with as_of's day."""
        found: dict[str, dict[date, int]] = {}
        for row in self.world.raw["issue_daily_events"]:
            if row["date_on"] in self.window(14):
                found.setdefault(row["issue_id"], {})[row["date_on"]] = row["event_count"]
        return found

    def issue_events(self, life: Life) -> tuple[int | None, int | None]:
        """Its events of the last seven days and of the seven before; None where nothing tells."""
        days, seen = self.issue_days.get(life.row["issue_id"]), life.row["last_seen_at"]
        if days is None:
            is_quiet = seen and self.day_of(seen) <= self.as_of.date() - 14 * DAY
            return (0, 0) if is_quiet else (None, None)
        now = sum(count for day, count in days.items() if day in self.window(7))
        return now, sum(days.values()) - now

    def resolves(self, live: Iterable[Life], days: int, ago: int = 0) -> list[Resolve]:
        return [
            resolve
            for life in live
            for resolve in life.resolves
            if self.in_window(resolve.at, days, ago)
        ]

    def sla(self, life: Life) -> str:
        return life.sla_status(self.target_of(life), self.as_of)

    # Issues

    @cached_property
    def issues(self) -> dict[str, Row]:
        """The rows of fct_issues by issue id."""
        merged_into = {
            life.row["issue_id"]: life.row["merged_into_issue_id"]
            for life in self.lives
            if life.row["merged_into_issue_id"]
        }
        return {life.row["issue_id"]: self._issue(life, merged_into) for life in self.lives}

    def _issue(self, life: Life, merged_into: dict[str, str]) -> Row:
        hours = life.resolved_at and (life.resolved_at - life.opened_at) / HOUR
        return {
            "issue_id": life.row["issue_id"],
            "project_id": life.row["project_id"],
            "first_seen_at": life.first_seen,
            "organization_slug": self.projects[life.row["project_id"]]["organization_slug"],
            "project_slug": self.projects[life.row["project_id"]]["project_slug"],
            "product_id": self.product_of(life),
            "status": life.status,
            "opened_at": life.opened_at,
            "resolved_at": life.resolved_at,
            "hours_to_resolution": hours,
            "sla_target_hours": self.target_of(life),
            "sla_status": self.sla(life),
            "events_7d": self.issue_events(life)[0],
            "events_previous_7d": self.issue_events(life)[1],
            "change_7d": self.change(life),
            "merged_into_issue_id": last_survivor(
                merged_into.get(life.row["issue_id"]), merged_into
            ),
        }

    def change(self, life: Life) -> str | None:
        """What happened to it in the seven days that end with as_of's; None: not much."""
        if life.status in ("deleted", "merged"):
            return None
        if life.status == "resolved" and life.resolved_at and self.in_window(life.resolved_at, 7):
            return "resolved"
        if life.status == "unresolved" and (
            life.row["substatus"] == "regressed" or self._came_back(life)
        ):
            return "regressed"
        if self.in_window(life.first_seen, 7):
            return "new"
        now, before = self.issue_events(life)
        if now is None or before is None or abs(now - before) < 10:
            return None
        if now >= 1.5 * before:
            return "rising"
        return "falling" if before >= 1.5 * now else None

    def _came_back(self, life: Life) -> bool:
        return any(
            step.opens and step.before == "resolved" and self.in_window(step.at, 7)
            for step in life.steps
        )

    def fct_issue_status_changes(self) -> list[Row]:
        return [
            {
                "organization_slug": self.projects[life.row["project_id"]]["organization_slug"],
                "issue_id": life.row["issue_id"],
                "changed_at": step.at,
                "from_status": step.before,
                "to_status": step.after,
                "source": step.source,
            }
            for life in self.lives
            for step in life.steps
        ]

    def day_of(self, moment: datetime) -> date:
        """Its UTC day; what the last sync saw after midnight counts on the day on which it began."""
        return min(moment.date(), self.as_of.date())
