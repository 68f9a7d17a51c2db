"""What follows from the issues read: activities, stored events, counts per day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipelines.sentry.http.workers import Workers
from pipelines.sentry.progress import Progress
from pipelines.sentry.read import daily_counts as counts
from pipelines.sentry.read.issues import IssueReader
from pipelines.sentry.rows import flatten
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import (
    ISSUE_ACTIVITIES,
    ISSUE_EVENTS,
    PROJECT_DAILY_EVENTS,
)
from pipelines.sentry.state import stored_issues
from pipelines.sentry.state.stored import StoredState


def activities(
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    redaction: Redaction,
    ids: Sequence[str],
    progress: Progress,
) -> list[str]:
    """Stage the activity lists of issues; returns the ids whose list was really read."""
    read: list[str] = []
    wanted = list(dict.fromkeys(ids))
    progress.begin("histories of issues", len(wanted))

    def one(issue_id: str) -> None:
        bodies = reader.activities(issue_id)
        progress.done += 1
        if bodies is None:
            return
        rows = [flatten.activity(body, issue_id, reader.organization) for body in bodies]
        arrived = to_arrow(ISSUE_ACTIVITIES, [redaction.activity(row) for row in rows])
        stored.add("staged_issue_activities", arrived)
        read.append(issue_id)

    workers.each(wanted, one)
    stored.settle(ISSUE_ACTIVITIES)
    return read


def events(
    reader: IssueReader, stored: StoredState, workers: Workers, redaction: Redaction, count: int
) -> None:
    """Stage the newest `count` stored events of each changed issue that is open."""

    def one(issue: tuple[str, str]) -> None:
        rows = [
            redaction.event(flatten.event(body, *issue, reader.organization))
            for body in reader.events(issue[0], count)
        ]
        stored.add("staged_issue_events", to_arrow(ISSUE_EVENTS, rows))

    workers.each(stored_issues.open_changed_issues(stored), one)
    stored.settle(ISSUE_EVENTS)


def project_days(
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    projects: dict[str, str],
    as_of: datetime,
) -> None:
    """Stage the events of projects per day; `projects` maps readable ids to slugs.

    Needs the issues' days staged: where no endpoint counts, they are added up.
    """
    slug = reader.organization

    def listed() -> set[str]:
        bodies = reader.api.rows(f"organizations/{slug}/projects/")
        rows = [flatten.project(body, slug) for body in bodies]
        return {row["project_id"] for row in rows if row["has_access"]}

    rows = counts.read_project_days(
        reader.api, slug, projects, stored_issues.counted_days(stored), as_of, workers, listed
    )
    if rows is None:
        stored_issues.stage_added_up_days(stored)
    else:
        stored.stage(PROJECT_DAILY_EVENTS, to_arrow(PROJECT_DAILY_EVENTS, rows))
