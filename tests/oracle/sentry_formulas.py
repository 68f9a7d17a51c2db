"""Sentry's own figures for a team, from the history that Sentry keeps (rows of GroupHistory).

Written after the endpoints `team_time_to_resolution` and `team_all_unresolved_issues`: a row is
kept for each change of status, none for an issue's beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from .ground_truth import INSIGHT, READ_AFTER, GroundTruth
from .raw_world import Row

CLOSED = ("resolved", "ignored")


@dataclass(frozen=True)
class Group:
    """An issue as Sentry's database has it."""

    first_seen: datetime
    status: str
    history: tuple[tuple[datetime, str], ...]


def mean_seconds_to_resolution(groups: Iterable[Group]) -> dict[date, float]:
    """Per day, the mean of resolve time minus the row that opened it, or minus first seen."""
    times = defaultdict(list)
    for group in groups:
        opened_at = group.first_seen
        for at, status in group.history:
            if status == "unresolved":
                opened_at = at
            elif status == "resolved":
                times[at.date()].append((at - opened_at).total_seconds())
    return {day: sum(found) / len(found) for day, found in times.items()}


def unresolved_per_day(groups: list[Group], days: list[date]) -> dict[date, int]:
    """Today's unresolved, counted back day by day by what was opened and closed."""
    opened, closed = defaultdict[date, int](int), defaultdict[date, int](int)
    for group in groups:
        is_open = True
        opened[group.first_seen.date()] += 1
        for at, status in group.history:
            if is_open and status in CLOSED:
                closed[at.date()] += 1
            elif not is_open and status not in CLOSED:
                opened[at.date()] += 1
            is_open = status not in CLOSED
    count = sum(group.status == "unresolved" for group in groups)
    counts = {}
    for day in sorted(days, reverse=True):
        counts[day] = count
        count = max(count - opened[day] + closed[day], 0)
    return counts


def groups_of(truth: GroundTruth) -> dict[str, list[Group]]:
    """What Sentry's database would hold of each project of the organization without secrets."""
    seen_until = truth.runs[-1].started[INSIGHT] + READ_AFTER
    found: dict[str, list[Group]] = defaultdict(list)
    for issue in truth.issues:
        if issue.project.organization(0) == INSIGHT and issue.first_seen <= seen_until:
            statuses = ["unresolved", *(change.status for change in issue.changes)]
            history = tuple(
                (change.recorded_at, change.status)
                for change, before in zip(issue.changes, statuses, strict=False)
                if change.status != before
            )
            found[issue.project.project_id].append(Group(issue.first_seen, statuses[-1], history))
    return found


def disagreements_with_sentry(
    truth: GroundTruth, tables: dict[str, list[Row]]
) -> tuple[list[str], int]:
    """Where the tables give other figures than Sentry's formulas, and how many were compared."""
    opened = {row["issue_id"]: row["first_seen_at"] for row in tables["fct_issues"]}
    project_of = {row["issue_id"]: row["project_id"] for row in tables["fct_issues"]}
    times: dict[tuple[str, date], list[float]] = defaultdict(list)
    for row in sorted(tables["fct_issue_status_changes"], key=lambda row: row["changed_at"]):
        if row["to_status"] == "resolved":
            seconds = (row["changed_at"] - opened[row["issue_id"]]).total_seconds()
            times[project_of[row["issue_id"]], row["changed_at"].date()].append(seconds)
        elif row["to_status"] == "unresolved":
            opened[row["issue_id"]] = row["changed_at"]
    daily: dict[str, dict[date, int]] = defaultdict(dict)
    for row in tables["fct_project_daily"]:
        daily[row["project_id"]][row["date_on"]] = row["unresolved_issues"]
    differences, compared = [], 0
    for project_id, groups in groups_of(truth).items():
        figures: list[tuple[str, date, float, float | None]] = [
            ("mean seconds to resolution", day, mean, _mean(times[project_id, day]))
            for day, mean in mean_seconds_to_resolution(groups).items()
        ]
        figures += [
            ("unresolved", day, count, daily[project_id][day])
            for day, count in unresolved_per_day(groups, list(daily[project_id])).items()
        ]
        compared += len(figures)
        differences += [
            f"{what} of project {project_id} on {day}: Sentry says {theirs}, we say {ours}"
            for what, day, theirs, ours in figures
            if ours is None or abs(theirs - ours) > 1e-6
        ]
    return differences, compared


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
