"""What can happen to the issues of a world, one method each.

What belongs here: mutations of single issues with their effects on Sentry's two stores: events in Snuba, which forgets
after 90 days, and the rest in Postgres.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import count
from operator import attrgetter
from typing import Any

from pipelines.fake_sentry.entities import (
    Activity,
    Assignee,
    Departed,
    Events,
    Issue,
    Member,
    Project,
    Team,
)
from pipelines.fake_sentry.issue_state import IssueState, hour_of

_AT = attrgetter("at")


class IssueChanges(IssueState):
    """The mutations of issues. They raise ValueError for an issue that is gone."""

    def __init__(self, clock: datetime) -> None:
        super().__init__(clock)
        self._issue_ids = count(5_100_000_001)
        self._activity_ids = count(3_000_000_001)
        self._event_numbers = count(1)
        self._buffer: list[tuple[str, datetime, int]] = []

    def create_issue(
        self,
        project: Project,
        title: str = "ValueError: invalid literal",
        *,
        count: int = 1,
        users: int | range = 1,
        at: datetime | None = None,
        received_at: datetime | None = None,
        environment: str = "production",
        **fields: Any,
    ) -> Issue:
        """Create an issue of `project` with its first events, `at` a moment (now, unless given).

        `fields` are those of `Issue`, such as level, culprit, priority, category, metadata.
        """
        at = at or self.clock
        project.last_short_number += 1
        kind, _, value = title.partition(": ")
        issue = Issue(
            id=str(next(self._issue_ids)),
            project=project,
            short_number=project.last_short_number,
            title=title,
            culprit=fields.pop("culprit", "app.main in handle"),
            level=fields.pop("level", "error"),
            platform=fields.pop("platform", project.platform),
            metadata=fields.pop("metadata", None) or {"type": kind, "value": value},
            first_seen=at,
            last_seen=at,
            opened_at=at,
            **fields,
        )
        self.issues[issue.id] = project.issues[issue.id] = issue
        self._store(
            issue, at, count, users, received_at or self.clock, environment, issue.first_release
        )
        return issue

    def add_events(
        self,
        issue: Issue,
        count: int = 1,
        *,
        users: int | range = 1,
        at: datetime | None = None,
        received_at: datetime | None = None,
        release: str | None = None,
        environment: str = "production",
        buffered: bool = False,
    ) -> None:
        """Let `count` events arrive, with an old timestamp if `at` is given (a phone that was offline).

        An event newer than the resolution of a resolved issue is a regression, from when it arrives. With `buffered`
        Snuba knows of the events at once, and Postgres when the clock moves or `flush_buffers` is called.
        """
        at, received_at = at or self.clock, received_at or self.clock
        self._store(issue, at, count, users, received_at, environment, release, buffered=buffered)
        issue.last_release = release or issue.last_release
        if issue.status == "resolved" and issue.resolved_at and at >= issue.resolved_at:
            self._reopen(issue, "regressed", received_at)
            self._record(issue, "set_regression", None, {"version": release or ""}, received_at)

    def flush_buffers(self) -> None:
        """Write buffered counts to Postgres."""
        buffered, self._buffer = self._buffer, []
        for issue_id, at, amount in buffered:
            if issue := self.survivor(issue_id):
                self._count(issue, at, amount)
                self._touch(issue)

    def resolve(
        self,
        issue: Issue,
        *,
        by: Member | None = None,
        in_release: str | None = None,
        in_next_release: bool = False,
        in_commit: str | None = None,
        by_age: bool = False,
        at: datetime | None = None,
    ) -> None:
        """Resolve `issue` plainly, or in one of the ways that Sentry tells apart."""
        if issue.status == "resolved":
            return
        kind = "set_resolved"
        data: dict[str, Any] = {}
        details: dict[str, Any] = {}
        if in_release or in_next_release:
            kind, data = "set_resolved_in_release", {"version": in_release or ""}
            details = {"inRelease": in_release} if in_release else {"inNextRelease": True}
        elif in_commit:
            kind, data = "set_resolved_in_commit", {"commit": in_commit}
            details = {"inCommit": {"id": in_commit, "message": "fix"}}
        elif by_age:
            kind, data = "set_resolved_by_age", {"age": 24 * 30}
        issue.resolved_at = at or self.clock
        issue.status, issue.substatus, issue.status_details = "resolved", None, details
        self._record(issue, kind, by, data, at)

    def unresolve(
        self, issue: Issue, *, by: Member | None = None, at: datetime | None = None
    ) -> None:
        """Open `issue` again by hand."""
        if issue.status == "unresolved":
            return
        if issue.status == "resolved":
            self._reopen(issue, "ongoing", at or self.clock)
        else:
            issue.status, issue.substatus, issue.status_details = "unresolved", "ongoing", {}
        self._record(issue, "set_unresolved", by, {}, at)

    def archive(
        self,
        issue: Issue,
        *,
        by: Member | None = None,
        until: datetime | None = None,
        forever: bool = False,
        at: datetime | None = None,
    ) -> None:
        """Archive `issue` (status `ignored`) until it escalates, until a moment, or for ever."""
        issue.resolved_at = None
        issue.status, issue.status_details = "ignored", {}
        issue.substatus = "archived_forever" if forever else "archived_until_escalating"
        if until:
            issue.substatus = "archived_until_condition_met"
            issue.status_details = {"ignoreUntil": until, "ignoreCount": None, "ignoreWindow": None}
        self._record(issue, "set_ignored", by, {"ignoreUntil": until} if until else {}, at)

    def set_substatus(self, issue: Issue, substatus: str) -> None:
        """Have a job change the substatus of an open issue, such as to escalating."""
        issue.substatus = substatus
        kinds = {"escalating": "set_escalating", "ongoing": "auto_set_ongoing"}
        if substatus in kinds:
            self._record(issue, kinds[substatus], None, {})
        self._touch(issue)

    def set_level(self, issue: Issue, level: str) -> None:
        """Change the level, which Sentry takes from the latest event."""
        issue.level = level
        self._touch(issue)

    def set_priority(
        self, issue: Issue, priority: str, *, by: Member | None = None, at: datetime | None = None
    ) -> None:
        """Set the priority: low, medium or high; a person's choice is locked."""
        issue.priority = priority
        issue.priority_locked_at = (at or self.clock) if by else issue.priority_locked_at
        self._record(issue, "set_priority", by, {"priority": priority}, at)

    def assign(
        self,
        issue: Issue,
        to: Member | Team,
        *,
        by: Member | None = None,
        at: datetime | None = None,
    ) -> None:
        """Assign `issue` to a member or a team."""
        if isinstance(to, Member):
            assignee = Assignee("user", to.user_id, to.name, to.email)
        else:
            assignee = Assignee("team", to.id, to.slug)
        issue.assignee = assignee
        data = {"assignee": assignee.id, "assigneeType": assignee.kind}
        self._record(issue, "assigned", by, data | {"assigneeEmail": assignee.email}, at)

    def unassign(self, issue: Issue, *, by: Member | None = None) -> None:
        """Take the assignee away."""
        issue.assignee = None
        self._record(issue, "unassigned", by, {})

    def comment(self, issue: Issue, text: str, *, by: Member | None = None) -> None:
        """Leave a comment."""
        issue.comment_count += 1
        self._record(issue, "note", by, {"text": text})

    def annotate(self, issue: Issue, name: str, url: str) -> None:
        """Link an issue of another tracker."""
        issue.annotations.append({"displayName": name, "url": url})
        self._touch(issue)

    def merge(self, children: Iterable[Issue], parent: Issue, *, by: Member | None = None) -> None:
        """Merge `children` into `parent`: their events and activities move, their ids redirect."""
        merged = [child for child in children if child is not parent]
        if any(child.project is not parent.project for child in merged):
            raise ValueError("only issues of one project can be merged")
        for child in merged:
            parent.events = sorted([*parent.events, *child.events], key=_AT)
            parent.activities = sorted([*parent.activities, *child.activities], key=_AT)
            parent.times_seen += child.times_seen
            if parent.opened_at == parent.first_seen:
                parent.opened_at = min(parent.opened_at, child.first_seen)
            parent.first_seen = min(parent.first_seen, child.first_seen)
            parent.last_seen = max(parent.last_seen, child.last_seen)
            parent.comment_count += child.comment_count
            self._remove(child, "merged", into=parent.id)
        self._record(parent, "merge", by, {"issues": [{"id": child.id} for child in merged]})

    def start_deletion(self, issue: Issue) -> None:
        """Mark `issue` for deletion: out of every search, still there for a read by id."""
        issue.status, issue.substatus = "pending_deletion", None
        self._touch(issue)

    def delete_issue(self, issue: Issue) -> None:
        """Delete `issue`; what it counted stays in the statistics of its project."""
        self._remove(issue, "deleted")

    # Shared by the mutations

    def _store(
        self,
        issue: Issue,
        at: datetime,
        amount: int,
        users: int | range,
        received_at: datetime,
        environment: str,
        release: str | None,
        *,
        buffered: bool = False,
    ) -> None:
        self._touch(issue)
        numbered = users if isinstance(users, range) else range(users)
        number = next(self._event_numbers)
        insort(issue.events, Events(at, amount, numbered, number, environment, release), key=_AT)
        issue.project.environments.add(environment)
        words = f"{issue.title} {issue.culprit}"
        rules = issue.project.ownership
        issue.owners = tuple(rule.owner for rule in rules if fnmatchcase(words, rule.pattern))
        issue.project.accepted[hour_of(received_at)] += amount
        if buffered:
            self._buffer.append((issue.id, at, amount))
        else:
            self._count(issue, at, amount)

    def _count(self, issue: Issue, at: datetime, amount: int) -> None:
        issue.times_seen += amount
        issue.last_seen = max(issue.last_seen, at)
        if at < issue.first_seen:
            issue.opened_at = at if issue.opened_at == issue.first_seen else issue.opened_at
            issue.first_seen = at

    def _reopen(self, issue: Issue, substatus: str, at: datetime) -> None:
        issue.status, issue.substatus, issue.status_details = "unresolved", substatus, {}
        issue.resolved_at, issue.opened_at = None, at

    def _record(
        self,
        issue: Issue,
        kind: str,
        by: Member | None,
        data: dict[str, Any],
        at: datetime | None = None,
    ) -> None:
        activity = Activity(str(next(self._activity_ids)), kind, at or self.clock, by, data)
        insort(issue.activities, activity, key=_AT)
        self._touch(issue)

    def _remove(self, issue: Issue, reason: str, into: str | None = None) -> None:
        self._touch(issue)
        del self.issues[issue.id], issue.project.issues[issue.id]
        self.departed[issue.id] = Departed(
            issue.id, reason, self.clock, issue.project.id, issue, into
        )

    def _touch(self, issue: Issue) -> None:
        if issue.id not in self.issues:
            raise ValueError(f"issue {issue.id} is gone")
        issue.version += 1
        self.version += 1
