"""The figures of issues, projects and days, counted one by one from raw rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from .oracle_catalog import Catalog, dim_projects
from .oracle_history import HOUR, Life, Resolve, last_survivor, lives
from .oracle_routes import deciding
from .raw_world import RawWorld, Row

DAY = timedelta(days=1)
# A project and the product that counts this part of it.
Part = tuple[str, str | None]


def percentile(values: Iterable[float], share: float) -> float | None:
    """The interpolated percentile; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, len(ordered) - 1)]
    return below + (above - below) * (place - int(place))


def _most_first(counted: tuple[str | None, int]) -> tuple[int, str]:
    product_id, count = counted
    return -count, product_id or ""


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
    def routes(self) -> dict[str, Row]:
        """The rule that decides, by issue id; none for an issue that goes with its project."""
        return {
            life.row["issue_id"]: rule
            for life in self.lives
            if (rule := deciding(self.world.issue_rules, life.row, self.projects))
        }

    @cached_property
    def events(self) -> dict[str, dict[date, int]]:
        """Event counts per project and day, up to the day of as_of."""
        found: dict[str, dict[date, int]] = {project_id: {} for project_id in self.projects}
        for row in self.world.raw["project_daily_events"]:
            if row["date_on"] <= self.as_of.date():
                found[row["project_id"]][row["date_on"]] = row["event_count"]
        return found

    @cached_property
    def part_events(self) -> dict[Part, dict[date, int]]:
        """The same per part: what routed issues had is theirs, most first, up to what there is."""
        wanted: dict[tuple[str, date], dict[str | None, int]] = {}
        for life in self.lives:
            part = self.part_of(life)
            if life.is_live and part != self.own_part(part[0]):
                for row in self.issue_rows.get(life.row["issue_id"], ()):
                    found = wanted.setdefault((part[0], row["date_on"]), {})
                    found[part[1]] = found.get(part[1], 0) + row["event_count"]
        parts: dict[Part, dict[date, int]] = {}
        for project_id, days in self.events.items():
            for day, left in days.items():
                by_product = wanted.get((project_id, day), {})
                for product_id, count in sorted(by_product.items(), key=_most_first):
                    moved = min(count, left)
                    parts.setdefault((project_id, product_id), {})[day] = moved
                    left -= moved
                parts.setdefault(self.own_part(project_id), {})[day] = left
        return parts

    def own_part(self, project_id: str) -> Part:
        return project_id, self.projects[project_id]["product_id"]

    def part_of(self, life: Life) -> Part:
        return life.row["project_id"], self.product_of(life)

    def product_of(self, life: Life) -> str | None:
        rule = self.routes.get(life.row["issue_id"])
        return rule["product_id"] if rule else self.own_part(life.row["project_id"])[1]

    def target_of(self, life: Life) -> float | None:
        product_id = self.product_of(life)
        return None if product_id is None else self.catalog.target_of(product_id, life.sla_priority)

    @cached_property
    def live_by_part(self) -> dict[Part, list[Life]]:
        found: dict[Part, list[Life]] = {part: [] for part in self.parts}
        for life in self.lives:
            if life.is_live:
                found[self.part_of(life)].append(life)
        return found

    @cached_property
    def parts(self) -> list[Part]:
        """Each project with its own product, and with each to which issues of it go."""
        own = map(self.own_part, self.projects)
        counted = (self.part_of(life) for life in self.lives if life.is_in_trends)
        return list(dict.fromkeys([*own, *counted]))

    @cached_property
    def parts_of(self) -> dict[str | None, list[Part]]:
        """The parts of projects that still exist, per product (None: unassigned)."""
        found: dict[str | None, list[Part]] = {None: []} | {
            key: [] for key in self.catalog.products
        }
        for project_id, product_id in self.parts:
            if not self.projects[project_id]["is_deleted"]:
                found[product_id].append((project_id, product_id))
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
            for part in self.parts_of[product_id]
            for life in self.live_by_part[part]
        ]

    def window(self, days: int, ago: int = 0) -> set[date]:
        """The `days` UTC days that end `ago` days before as_of's."""
        return {self.as_of.date() - (ago + back) * DAY for back in range(days)}

    def in_window(self, moment: datetime, days: int, ago: int = 0) -> bool:
        return self.day_of(moment) in self.window(days, ago)

    def events_on(self, part: Part, day: date) -> int | None:
        """None before the first day of which a count is known; a later day without one had none."""
        known = self.events[part[0]]
        if not known or day < min(known):
            return None
        return self.part_events.get(part, {}).get(day, 0)

    def events_in(self, parts: Iterable[Part], days: int, ago: int = 0) -> int | None:
        """Events of a window, as far as they are known; None if of no day and part they are."""
        found = [self.events_on(part, day) for part in parts for day in self.window(days, ago)]
        known = [count for count in found if count is not None]
        return sum(known) if known else None

    def events_known_from(self, parts: Iterable[Part]) -> date | None:
        """The first day from which on every part's counts are known."""
        first = [min(self.events[project_id], default=None) for project_id, _ in parts]
        return None if None in first else max((day for day in first if day), default=None)

    def known_for_growth(self, parts: list[Part]) -> list[Part]:
        """Those of which each of the fourteen days that are over is known."""
        latest = self.as_of.date() - 14 * DAY
        return [part for part in parts if min(self.events[part[0]], default=date.max) <= latest]

    def events_growth_7d(self, parts: list[Part]) -> float | None:
        """The last seven days that are over, as a multiple of the seven before, where all are known."""
        known = self.known_for_growth(parts)
        before = self.events_in(known, 7, ago=8)
        return (self.events_in(known, 7, ago=1) or 0) / before if before else None

    @cached_property
    def issue_days(self) -> dict[str, dict[date, int]]:
        """Event counts per issue and day, of the two weeks that end with as_of's day."""
        return {
            issue_id: days
            for issue_id, rows in self.issue_rows.items()
            if (
                days := {
                    row["date_on"]: row["event_count"]
                    for row in rows
                    if row["date_on"] in self.window(14)
                }
            )
        }

    @cached_property
    def issue_rows(self) -> dict[str, list[Row]]:
        """All that is known of the days of each issue."""
        found: dict[str, list[Row]] = {}
        for row in self.world.raw["issue_daily_events"]:
            found.setdefault(row["issue_id"], []).append(row)
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
        rule = self.routes.get(life.row["issue_id"])
        hours = life.resolved_at and (life.resolved_at - life.opened_at) / HOUR
        return {
            "issue_id": life.row["issue_id"],
            "project_id": life.row["project_id"],
            "first_seen_at": life.first_seen,
            "organization_slug": self.projects[life.row["project_id"]]["organization_slug"],
            "project_slug": self.projects[life.row["project_id"]]["project_slug"],
            "product_id": self.product_of(life),
            "routed_by": f"rule:{rule['line']}" if rule else "project",
            "status": life.status,
            "opened_at": life.opened_at,
            "resolved_at": life.resolved_at,
            "hours_to_resolution": hours,
            "sla_target_hours": self.target_of(life),
            "sla_status": self.sla(life),
            "events_7d": self.issue_events(life)[0],
            "events_previous_7d": self.issue_events(life)[1],
            "change_7d": self.change(life),
            "introduced_in_release": life.row["first_release"],
            "regressed_in_release": self.regressed_in(life),
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

    def regressed_in(self, life: Life) -> str | None:
        """The release that the regression at its last opening names; of two the later one's."""
        named = [
            (int(row["activity_id"]), version)
            for row in self.regressions.get(life.row["issue_id"], [])
            if row["occurred_at"] == life.opened_at
            and (version := json.loads(row["data"]).get("version"))
        ]
        return max(named)[1] if named else None

    @cached_property
    def regressions(self) -> dict[str, list[Row]]:
        """The activities that say an issue came back, by issue."""
        found: dict[str, list[Row]] = {}
        for row in self.world.raw["issue_activities"]:
            if row["activity_type"] == "set_regression":
                found.setdefault(row["issue_id"], []).append(row)
        return found

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
