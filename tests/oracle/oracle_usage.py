"""Production, sessions, releases and users, counted one by one from raw rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from .oracle_facts import DAY, Oracle
from .oracle_history import Life
from .raw_world import Row

USAGE = ("production_event_count", "sessions", "crashed_sessions")
RELEASE = (
    "organization_slug",
    "release_id",
    "version",
    "project_id",
    "created_at",
    "released_at",
    "first_event_at",
    "last_event_at",
    "new_issues",
)
Counts = dict[str, int | None]


@dataclass(frozen=True)
class Usage:
    """Events in production and sessions of each project and day of which they are known."""

    oracle: Oracle

    @cached_property
    def of_projects(self) -> dict[str, dict[date, Counts]]:
        production = self._told("project_daily_production_events", "event_count")
        sessions = self._told("project_daily_sessions", "sessions")
        crashed = self._told("project_daily_sessions", "crashed_sessions")
        found: dict[str, dict[date, Counts]] = {}
        for project_id in self.oracle.projects:
            last = max(self._days_of_neighbours(project_id, sessions), default=None)
            sent = set(_days(min(sessions[project_id], default=None), last))
            days = sent | production[project_id].keys()
            found[project_id] = {
                day: {
                    "production_event_count": production[project_id].get(day),
                    "sessions": sessions[project_id].get(day, 0 if day in sent else None),
                    "crashed_sessions": crashed[project_id].get(day, 0 if day in sent else None),
                }
                for day in days
            }
        return found

    def _told(self, table: str, column: str) -> dict[str, dict[date, int]]:
        found: dict[str, dict[date, int]] = {each: {} for each in self.oracle.projects}
        for row in self.oracle.world.raw[table]:
            if row["date_on"] <= self.oracle.as_of.date() and row[column] is not None:
                found[row["project_id"]][row["date_on"]] = row[column]
        return found

    def _days_of_neighbours(self, project_id: str, told: dict[str, dict[date, int]]) -> set[date]:
        """The days on which any project of its organization has a row."""
        home = self.oracle.projects[project_id]["organization_slug"]
        return {
            day
            for other, project in self.oracle.projects.items()
            if project["organization_slug"] == home
            for day in told[other]
        }

    def on(self, project_id: str, day: date) -> Counts:
        return self.of_projects[project_id].get(day, dict.fromkeys(USAGE))

    def known_from(self, projects: Iterable[str]) -> date | None:
        """The first day from which on the events in production of every project are known."""
        first = [
            min(
                (
                    day
                    for day, counts in self.of_projects[project_id].items()
                    if counts["production_event_count"] is not None
                ),
                default=None,
            )
            for project_id in projects
        ]
        return None if None in first else max((day for day in first if day), default=None)

    def within(self, projects: Iterable[str], column: str, days: int, ago: int = 0) -> int | None:
        """The sum of what is known of a window; None if nothing is."""
        found = [
            self.on(project_id, day)[column]
            for project_id in projects
            for day in self.oracle.window(days, ago)
        ]
        return added(found)

    def crash_free(self, projects: Iterable[str], days: int, ago: int = 0) -> float | None:
        projects = list(projects)
        return crash_free(
            self.within(projects, "sessions", days, ago),
            self.within(projects, "crashed_sessions", days, ago),
        )

    def in_production(self, projects: Iterable[str], live: Iterable[Life]) -> int | None:
        """Open issues that are in production, where any of their organization is known to be or not."""
        asked = {
            self.oracle.issues[life.row["issue_id"]]["organization_slug"]
            for life in self.oracle.lives
            if life.status == "unresolved" and life.row["is_in_production"] is not None
        }
        homes = {self.oracle.projects[each]["organization_slug"] for each in projects}
        found = [
            life for life in live if life.status == "unresolved" and life.row["is_in_production"]
        ]
        return len(found) if homes & asked else None

    def users(self, product_id: str) -> Row:
        """Different users of the tree, where it lies in one organization that was asked within a day."""
        homes = {
            self.oracle.projects[project_id]["organization_slug"]
            for below in self.oracle.tree(product_id)
            for project_id in self.oracle.projects_of[below]
        }
        counts = {
            row["window_days"]: row["user_count"]
            for row in self.oracle.world.raw["product_users"]
            if row["product_id"] == product_id
            and {row["organization_slug"]} == homes
            and self.oracle.as_of - row["observed_at"] < DAY
        }
        return {f"unique_users_{window}d": counts.get(window) for window in (7, 30)}


def _days(first: date | None, last: date | None) -> list[date]:
    if first is None or last is None:
        return []
    return [first + back * DAY for back in range((last - first).days + 1)]


def added(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None if nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def crash_free(sessions: int | None, crashed: int | None) -> float | None:
    return (sessions - (crashed or 0)) / sessions if sessions else None


def split(version: str) -> tuple[str | None, str]:
    """Package and version; a package is not empty, and may begin with an @."""
    start = 1 if version.startswith("@") else 0
    at = version.find("@", start + 1) if len(version) > start and version[start] != "@" else -1
    if at < 0 or at == len(version) - 1:
        return None, version
    return version[:at], version[at + 1 :]


def dim_releases(oracle: Oracle) -> list[Row]:
    return [
        {column: row[column] for column in RELEASE}
        | dict(zip(("package", "version_name"), split(row["version"]), strict=True))
        | {"project_slug": oracle.projects[row["project_id"]]["project_slug"]}
        for row in oracle.world.raw["releases"]
    ]


def product_releases(oracle: Oracle) -> list[Row]:
    rows = []
    for product_id in oracle.products:
        tree = oracle.tree(product_id)
        brought: dict[tuple[str, str], list[tuple[str, Row]]] = {}
        for life in oracle.live(tree):
            issue = oracle.issues[life.row["issue_id"]]
            for how in ("introduced_in_release", "regressed_in_release"):
                if version := issue[how]:
                    key = issue["organization_slug"], version
                    brought.setdefault(key, []).append((how, issue))
        listed: dict[tuple[str, str], list[Row]] = {}
        homes = {each for below in tree for each in oracle.projects_of[below]}
        for row in oracle.world.raw["releases"]:
            if row["project_id"] in homes:
                listed.setdefault((row["organization_slug"], row["version"]), []).append(row)
        for key in brought.keys() | listed.keys():
            rows.append(
                {"product_id": product_id}
                | _release(oracle, key)
                | _brought(
                    brought.get(key, []), added(r["new_issues"] for r in listed.get(key, []))
                )
            )
    return rows


def _release(oracle: Oracle, key: tuple[str, str]) -> Row:
    organization, version = key
    known = [
        row
        for row in oracle.world.raw["releases"]
        if (row["organization_slug"], row["version"]) == key
    ]
    package, name = split(version)
    return {
        "organization_slug": organization,
        "version": version,
        "package": package,
        "version_name": name,
        "created_at": known[0]["created_at"] if known else None,
        "released_at": known[0]["released_at"] if known else None,
    }


def _brought(issues: list[tuple[str, Row]], by_sentry: int | None) -> Row:
    new = [issue for how, issue in issues if how == "introduced_in_release"]
    back = [issue for how, issue in issues if how == "regressed_in_release"]
    still_open = {issue["issue_id"] for _, issue in issues if issue["status"] == "unresolved"}
    return {
        "new_issues": len(new) if new or by_sentry == 0 else None,
        "sentry_new_issues": by_sentry,
        "regressed_issues": len(back),
        "unresolved_issues": len(still_open),
    }
