"""Days and months: what was open and late at the end of each, and what happened in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from .oracle_facts import DAY, Oracle, Part, percentile
from .oracle_history import HOUR, Life
from .oracle_usage import USAGE, Usage, added, crash_free
from .oracle_versions import TermsOfMonths
from .raw_world import Row

TOLD = ("event_count", *USAGE)
COUNTED = ("new_issues", "resolved_issues", "unresolved_issues", "late_issues")
Figures = dict[str, int | None]


@dataclass(frozen=True)
class Days:
    """The daily figures of one world."""

    oracle: Oracle

    @cached_property
    def terms(self) -> TermsOfMonths:
        return TermsOfMonths(self.oracle)

    @cached_property
    def usage(self) -> Usage:
        return Usage(self.oracle)

    @cached_property
    def of_parts(self) -> dict[Part, dict[date, Figures]]:
        """The daily figures of each part, from the first known day of its project to as_of's."""
        found: dict[Part, dict[date, Figures]] = {}
        counted: dict[Part, list[Life]] = {part: [] for part in self.oracle.parts}
        days: dict[str, set[date]] = {
            project_id: {*events, *self.usage.of_projects[project_id]}
            for project_id, events in self.oracle.events.items()
        }
        for life in self.oracle.lives:
            if life.is_in_trends:
                counted[self.oracle.part_of(life)].append(life)
                days[life.row["project_id"]].add(self.oracle.day_of(life.first_seen))
        today = self.oracle.as_of.date()
        for part, lives in counted.items():
            found[part] = {
                day: {"event_count": self.oracle.events_on(part, day)}
                | self._usage(part, day)
                | self._day(day, lives)
                for day in _days(min(days[part[0]], default=today + DAY), today)
            }
        return found

    def _usage(self, part: Part, day: date) -> Figures:
        """Events in production and sessions stay with the project's own product."""
        is_own = part == self.oracle.own_part(part[0])
        return self.usage.on(part[0], day) if is_own else dict.fromkeys(USAGE)

    def _day(self, day: date, lives: list[Life]) -> Figures:
        end = min(datetime.combine(day + DAY, datetime.min.time()), self.oracle.as_of)
        if day == self.oracle.as_of.date():
            still_open = [life for life in lives if life.status == "unresolved"]
        else:
            still_open = [life for life in lives if life.status_at(end) == "unresolved"]
        return {
            "new_issues": sum(self.oracle.day_of(life.first_seen) == day for life in lives),
            "resolved_issues": sum(
                self.oracle.day_of(resolve.at) == day for life in lives for resolve in life.resolves
            ),
            "unresolved_issues": len(still_open),
            "late_issues": sum(self._is_late(life, day, end) for life in still_open),
        }

    def _is_late(self, life: Life, day: date, end: datetime) -> bool:
        terms = self.terms.of(self.oracle.product_of(life), day, life)
        # What the last sync saw after its start is of its day, too.
        now = day == self.oracle.as_of.date()
        opened = [step.at for step in life.steps if step.opens and (now or step.at < end)]
        return bool(terms and end - max([life.first_seen, *opened]) > terms.hours * HOUR)

    def fct_project_daily(self) -> list[Row]:
        return [
            {
                "organization_slug": self.oracle.projects[project_id]["organization_slug"],
                "project_id": project_id,
                "date_on": day,
            }
            | _with_other(
                _sum(
                    [
                        self.of_parts[part][day]
                        for part in self.oracle.parts
                        if part[0] == project_id
                    ]
                )
            )
            for project_id in self.oracle.projects
            for day in self.of_parts[self.oracle.own_part(project_id)]
        ]

    def product_daily(self) -> list[Row]:
        rows = []
        for product_id in self.oracle.catalog.products:
            whole = self._summed(self.oracle.tree(product_id))
            own = self._summed([product_id])
            nothing: Figures = dict.fromkeys(TOLD) | dict.fromkeys(COUNTED, 0)
            for day, figures in whole.items():
                row = {"product_id": product_id, "date_on": day} | figures
                row["crash_free_sessions"] = crash_free(
                    figures["sessions"], figures["crashed_sessions"]
                )
                for column, figure in own.get(day, nothing).items():
                    row[f"own_{column}"] = figure
                rows.append(row)
        return rows

    def _summed(self, products: Iterable[str]) -> dict[date, Figures]:
        """Daily figures of what these products count of projects that still exist, without a gap."""
        parts = [
            self.of_parts[part]
            for product_id in products
            for part in self.oracle.parts_of[product_id]
        ]
        today = self.oracle.as_of.date()
        first = min((day for part in parts for day in part), default=today + DAY)
        return {
            day: _sum([part[day] for part in parts if day in part]) for day in _days(first, today)
        }

    def product_monthly(self) -> list[Row]:
        months: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for row in self.product_daily():
            months[row["product_id"], row["date_on"].replace(day=1)].append(row)
        return [
            {"product_id": product_id, "month_on": month}
            | _month(sorted(rows, key=lambda row: row["date_on"]))
            | self._resolution(product_id, month)
            for (product_id, month), rows in months.items()
        ]

    def _resolution(self, product_id: str, month: date) -> Row:
        resolved = [
            (resolve, self.terms.of(below, month, life))
            for below in self.oracle.tree(product_id)
            for life in self.oracle.live([below])
            for resolve in life.resolves
            if self.oracle.day_of(resolve.at).replace(day=1) == month
        ]
        met = [resolve.open_for <= terms.hours * HOUR for resolve, terms in resolved if terms]
        hours = [resolve.hours for resolve, _ in resolved]
        return {
            "sla_met_ratio": sum(met) / len(met) if met else None,
            "median_hours_to_resolution": percentile(hours, 0.5),
            "p90_hours_to_resolution": percentile(hours, 0.9),
        }


def _month(days: list[Row]) -> Row:
    told = {column: added(row[column] for row in days) for column in TOLD}
    return {
        "event_count": told["event_count"],
        "production_event_count": told["production_event_count"],
        "sessions": told["sessions"],
        "crash_free_sessions": crash_free(told["sessions"], told["crashed_sessions"]),
        "new_issues": sum(row["new_issues"] for row in days),
        "resolved_issues": sum(row["resolved_issues"] for row in days),
        "unresolved_issues": days[-1]["unresolved_issues"],
        "late_issues": days[-1]["late_issues"],
    }


def _sum(parts: list[Figures]) -> Figures:
    return {column: added(part[column] for part in parts) for column in TOLD} | {
        column: sum(part[column] or 0 for part in parts) for column in COUNTED
    }


def _with_other(figures: Figures) -> Figures:
    """With the events that are not of production."""
    events, production = figures["event_count"], figures["production_event_count"]
    is_unknown = events is None or production is None
    return figures | {"other_event_count": None if is_unknown else events - production}


def _days(first: date, last: date) -> list[date]:
    return [first + back * DAY for back in range((last - first).days + 1)]
