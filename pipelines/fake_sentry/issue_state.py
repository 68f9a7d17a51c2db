"""The issues of a world and what is true of them now; what can happen to them is in `issue_changes`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Set
from datetime import datetime, timedelta
from operator import attrgetter

from pipelines.fake_sentry.entities import Departed, Events, Issue

RETENTION = timedelta(days=90)
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # as Sentry numbers issues: without I, L, O, U
_AT = attrgetter("at")


class IssueState:
    """The issues of a world at the moment `clock`. `version` grows with every change."""

    def __init__(self, clock: datetime) -> None:
        self.clock = clock
        self.version = 0
        self.issues: dict[str, Issue] = {}
        self.departed: dict[str, Departed] = {}

    def survivor(self, issue_id: str) -> Issue | None:
        """Return the issue that `issue_id` leads to now, through merges; None when it is gone."""
        while (gone := self.departed.get(issue_id)) and gone.into:
            issue_id = gone.into
        return self.issues.get(issue_id)

    def is_resolved_by_age(self, issue: Issue) -> bool:
        """Say whether the project's auto-resolve age has passed, even before the job has run."""
        age = issue.project.resolve_age
        return age is not None and issue.last_seen < self.clock - age

    def is_snooze_over(self, issue: Issue) -> bool:
        """Say whether an archived issue should have come back by now."""
        until = issue.status_details.get("ignoreUntil")
        return until is not None and until <= self.clock

    def shown_status(self, issue: Issue) -> str:
        """Return the status as Sentry computes it when asked, which may be ahead of the stored one."""
        if issue.status == "unresolved" and self.is_resolved_by_age(issue):
            return "resolved"
        if issue.status == "ignored" and self.is_snooze_over(issue):
            return "unresolved"
        return issue.status

    def stored_events(
        self,
        issue: Issue,
        start: datetime | None = None,
        end: datetime | None = None,
        environments: Set[str] = frozenset(),
    ) -> list[Events]:
        """Return the events that Snuba still has, of [start, end) by their own timestamps, in any of `environments`."""
        horizon = self.clock - RETENTION
        events = issue.events
        low = max(start, horizon) if start else horizon
        first = bisect_left(events, low, key=_AT) if events and events[0].at < low else 0
        last = len(events)
        if end and events and events[-1].at >= end:
            last = bisect_left(events, end, key=_AT)
        stored = events[first:last]
        return [e for e in stored if e.environment in environments] if environments else stored


def short_id(issue: Issue) -> str:
    """Return the id that people say, made from the project's slug of today, so a rename changes it."""
    number, digits = issue.short_number, ""
    while number:
        number, digit = divmod(number, 32)
        digits = BASE32[digit] + digits
    return f"{issue.project.slug.upper()}-{digits}"


def distinct_users(events: Iterable[Events]) -> int:
    """Return how many different users sent these events."""
    total, reached = 0, 0
    for first, end in sorted((e.users.start, e.users.stop) for e in events):
        if end > reached:
            total += end - max(first, reached)
            reached = end
    return total


def hour_of(moment: datetime) -> datetime:
    """Return the full hour in which `moment` lies."""
    return moment.replace(minute=0, second=0, microsecond=0)
