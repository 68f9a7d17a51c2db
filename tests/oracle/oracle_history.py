"""The life of each issue: when its status changed, when it was opened and resolved, its SLA."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from .raw_world import RawWorld, Row

HOUR = timedelta(hours=1)
LEFT_OUT = ("feedback", "configuration")
# Sentry's word -> the published one; what is not here stands for itself.
PUBLISHED = {
    "pending_deletion": "deleted",
    "deletion_in_progress": "deleted",
    "pending_merge": "merged",
    "reprocessing": "unresolved",
}
REMOVED = ("deleted", "merged")
ANNOUNCING = ("set_resolved_in_commit", "set_resolved_in_pull_request")


def published_status(raw: str) -> str:
    return PUBLISHED.get(raw, raw)


@dataclass(frozen=True)
class Step:
    """One change of status; `lived_as` is the last status before it that was not a removal."""

    at: datetime
    before: str
    after: str
    source: str
    lived_as: str | None

    @property
    def opens(self) -> bool:
        """Whether it starts the clock again; what comes back from removal goes on as it was."""
        return self.after == "unresolved" and self.lived_as in ("resolved", "ignored")

    @property
    def resolves(self) -> bool:
        return self.after == "resolved" and self.lived_as in ("unresolved", "ignored")


@dataclass(frozen=True)
class Resolve:
    """One time that an issue was resolved, and how long it had been open."""

    at: datetime
    open_for: timedelta

    @property
    def hours(self) -> float:
        return self.open_for / HOUR


@dataclass(frozen=True)
class Said:
    """An activity (of a kind) or an observation; `before` is the status it came from, if known."""

    at: datetime
    after: str
    kind: str | None = None
    before: str | None = None


def set_by(activity_type: str) -> str | None:
    """The status that an activity sets, or None."""
    if activity_type.startswith("set_resolved"):
        return "resolved"
    if activity_type == "set_ignored":
        return "ignored"
    opening = ("set_unresolved", "set_regression", "set_escalating")
    return "unresolved" if activity_type in opening else None


@dataclass(frozen=True)
class Life:
    """An issue row with everything that is known of its history."""

    row: Row
    steps: tuple[Step, ...]

    @property
    def status(self) -> str:
        reason = self.row["removed_reason"]
        if reason:
            return "merged" if reason == "merged" else "deleted"
        return published_status(self.row["status"])

    @property
    def sla_priority(self) -> str | None:
        """The priority by which it is measured; None where it has none that a target could name."""
        known = self.row["issue_priority"] in ("high", "medium", "low")
        return (
            "high"
            if self.row["level"] == "fatal"
            else self.row["issue_priority"]
            if known
            else None
        )

    @property
    def is_live(self) -> bool:
        return self.status not in REMOVED

    @property
    def is_in_trends(self) -> bool:
        """Trends keep what a project did before it was deleted."""
        return self.is_live or self.row["removed_reason"] == "project_gone"

    @property
    def first_seen(self) -> datetime:
        return self.row["first_seen_at"]

    @cached_property
    def opened_at(self) -> datetime:
        return max([self.first_seen, *(step.at for step in self.steps if step.opens)])

    @property
    def resolved_at(self) -> datetime | None:
        """When the resolution that still holds began; None when no source tells."""
        lived = [step for step in self.steps if step.after not in REMOVED]
        resolves = [step.at for step in lived if step.resolves]
        if self.status != "resolved" or not resolves or lived[-1].after != "resolved":
            return None
        return resolves[-1]

    @cached_property
    def resolves(self) -> tuple[Resolve, ...]:
        found, opened_at = [], self.first_seen
        for step in self.steps:
            if step.opens:
                opened_at = step.at
            elif step.resolves:
                found.append(Resolve(step.at, step.at - opened_at))
        return tuple(found)

    def status_at(self, moment: datetime) -> str | None:
        """The status just before that moment; None before the issue was first seen."""
        if self.first_seen >= moment:
            return None
        to_come = [step for step in self.steps if step.at >= moment]
        return to_come[0].before if to_come else self.status

    def sla_status(self, target_hours: float | None, as_of: datetime) -> str:
        if self.status in ("ignored", *REMOVED):
            return "excluded"
        if target_hours is None:
            return "no_target"
        target = target_hours * HOUR
        if self.status == "resolved":
            if self.resolved_at is None:
                return "unknown"
            return "met" if self.resolved_at - self.opened_at <= target else "breached"
        age = as_of - self.opened_at
        if age > target:
            return "breached"
        return "at_risk" if 5 * age >= 4 * target else "on_track"


def lives(world: RawWorld) -> list[Life]:
    """Every issue ever seen, but for the categories that are left out."""
    activities, observations = defaultdict(list), defaultdict(list)
    for row in world.raw["issue_activities"]:
        activities[row["issue_id"]].append(row)
    for row in world.raw["issue_status_observations"]:
        observations[row["issue_id"]].append(row)
    return [
        Life(row, _steps(row, activities[row["issue_id"]], observations[row["issue_id"]]))
        for row in world.raw["issues"]
        if row["issue_category"] not in LEFT_OUT
    ]


def _steps(row: Row, activities: list[Row], observations: list[Row]) -> tuple[Step, ...]:
    told = sorted(
        (each["occurred_at"], int(each["activity_id"]), status, each["activity_type"])
        for each in activities
        if (status := set_by(each["activity_type"]))
    )
    said = [Said(at, status, kind) for at, _, status, kind in told]
    seen = sorted(observations, key=lambda each: each["observed_at"])
    horizons = [each["observed_at"] for each in seen[1:]] + [datetime.max]
    for each, horizon in zip(seen, horizons, strict=False):
        after = published_status(each["to_status"])
        since = [(at, status) for at, _, status, _ in told if each["previous_observed_at"] < at]
        if not any(at <= horizon and status == after for at, status in since):
            # What it came from was read by the sync before, and holds if nothing is told since.
            known = not any(at <= each["observed_at"] for at, _ in since)
            before = published_status(each["from_status"]) if known else None
            said.append(Said(each["observed_at"], after, before=before))
    said.sort(key=lambda each: each.at)
    present = published_status(row["status"])
    return _chain(
        [
            each
            for place, each in enumerate(said, start=1)
            if each.kind not in ANNOUNCING or _was_done(said[place:], present)
        ]
    )


def _was_done(later: list[Said], present: str) -> bool:
    """Whether an announced resolve was one: what comes next has to come from resolved."""
    if not later:
        return present == "resolved"
    return later[0].before == "resolved" or later[0].after == "unresolved"


def _chain(said: list[Said]) -> tuple[Step, ...]:
    """Statements that change nothing are dropped; each change starts where the last one ended."""
    steps: list[Step] = []
    status = (said[0].before if said else None) or "unresolved"
    lived_as = None if status in REMOVED else status
    for each in said:
        if each.before and each.before not in REMOVED:
            status = each.before
        lived_as = lived_as if status in REMOVED else status
        if each.after != status:
            source = "activity" if each.kind else "observed"
            steps.append(Step(each.at, status, each.after, source, lived_as))
        status = each.after
    return tuple(steps)


def last_survivor(issue_id: str | None, merged_into: dict[str, str]) -> str | None:
    """Where a chain of merges ends."""
    while issue_id in merged_into:
        issue_id = merged_into[issue_id]
    return issue_id
