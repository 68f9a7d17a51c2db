"""What a warehouse should hold of a world, without any API shape: the state that tests compare with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.fake_sentry.entities import Assignee, Issue
from pipelines.fake_sentry.issue_state import distinct_users, short_id
from pipelines.fake_sentry.sentry_world import SentryWorld


@dataclass(frozen=True)
class ExpectedIssue:
    """One issue id ever used. Of a departed one only `removed`, `merged_into` and `project_id` are known.

    `event_count`, `first_seen_at`, `last_seen_at` are of all time (Postgres), `user_count` of the last 90 days (Snuba).
    `resolved_at` and `opened_at` (first seen or last reopened) are the issue's own, whatever a merge brought along.
    """

    issue_id: str
    project_id: str
    removed: str | None = None  # deleted, merged, project_gone
    merged_into: str | None = None  # the last survivor; None when that one is gone too
    organization: str = ""
    project_slug: str = ""
    short_id: str = ""
    title: str = ""
    level: str = ""
    status: str = ""
    substatus: str | None = None
    priority: str | None = None
    category: str = ""
    assignee: Assignee | None = None
    event_count: int = 0
    user_count: int = 0
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    daily_events: tuple[tuple[date, int], ...] = ()  # by the events' own UTC days, all time


def expected_issues(world: SentryWorld) -> dict[str, ExpectedIssue]:
    """Every issue id ever used, with what is true of it at the world's clock."""
    found = {issue.id: _of_issue(world, issue) for issue in world.issues.values()}
    for gone in world.departed.values():
        survivor = world.survivor(gone.issue_id) if gone.into else None
        found[gone.issue_id] = ExpectedIssue(
            issue_id=gone.issue_id,
            project_id=gone.project_id,
            removed=gone.reason,
            merged_into=survivor.id if survivor else None,
        )
    return found


def accepted_per_day(world: SentryWorld) -> dict[tuple[str, date], int]:
    """Events that each project accepted per UTC day of their arrival: (project_id, day) -> count."""
    days: Counter[tuple[str, date]] = Counter()
    for project in world.projects.values():
        for hour, count in project.accepted.items():
            days[project.id, hour.date()] += count
    return dict(days)


def _of_issue(world: SentryWorld, issue: Issue) -> ExpectedIssue:
    days: Counter[date] = Counter()
    for events in issue.events:
        days[events.at.date()] += events.amount
    return ExpectedIssue(
        issue_id=issue.id,
        project_id=issue.project.id,
        organization=issue.project.organization,
        project_slug=issue.project.slug,
        short_id=short_id(issue),
        title=issue.title,
        level=issue.level,
        status=world.shown_status(issue),
        substatus=issue.substatus,
        priority=issue.priority,
        category=issue.category,
        assignee=issue.assignee,
        event_count=issue.times_seen,
        user_count=distinct_users(world.stored_events(issue)),
        first_seen_at=issue.first_seen,
        last_seen_at=issue.last_seen,
        opened_at=issue.opened_at,
        resolved_at=issue.resolved_at,
        daily_events=tuple(sorted(days.items())),
    )
