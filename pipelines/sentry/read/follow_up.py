"""What follows from the issues read: status changes seen, activities, stored events, counts per day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from pipelines.sentry.http.client import Row
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.plan import OrganizationState
from pipelines.sentry.progress import Progress
from pipelines.sentry.read import daily_counts as counts
from pipelines.sentry.read.issues import IssueReader
from pipelines.sentry.rows import flatten
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import (
    ISSUE_ACTIVITIES,
    ISSUE_DAILY_EVENTS,
    ISSUE_EVENTS,
    ISSUE_STATUS_OBSERVATIONS,
    PROJECT_DAILY_EVENTS,
)
from pipelines.sentry.state import stored_issues
from pipelines.sentry.state.stored import StoredState
from pipelines.sentry.state.stored_issues import StatusChange


def observations(
    changes: Sequence[StatusChange], slug: str, state: OrganizationState, as_of: datetime
) -> pa.Table:
    """Return rows of `issue_status_observations` for the changes of known issues."""
    rows = []
    for change in changes:
        if change.before is None or change.before == change.now:
            continue
        # An open issue was seen open by the last sync, a closed one closed by the last full one at least.
        last = state.watermark if change.before == "unresolved" else state.full_sync_at
        moments = [moment for moment in (last, change.observed_at) if moment is not None]
        rows.append(
            {
                "issue_id": change.issue_id,
                "observed_at": as_of,
                "organization_slug": slug,
                "previous_observed_at": max(moments, default=None),
                "from_status": change.before,
                "to_status": change.now,
            }
        )
    return to_arrow(ISSUE_STATUS_OBSERVATIONS, rows)


def activities(
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    redaction: Redaction,
    ids: Sequence[str],
    progress: Progress,
) -> tuple[pa.Table, list[str]]:
    """Read the activity lists of issues; returns the new rows, and the ids whose list was really read."""
    tables: list[pa.Table] = []
    read: list[str] = []
    wanted = list(dict.fromkeys(ids))
    progress.begin("histories of issues", len(wanted))

    def one(issue_id: str) -> None:
        bodies = reader.activities(issue_id)
        progress.done += 1
        if bodies is None:
            return
        rows = [flatten.activity(body, issue_id, reader.organization) for body in bodies]
        tables.append(to_arrow(ISSUE_ACTIVITIES, [redaction.activity(row) for row in rows]))
        read.append(issue_id)

    workers.each(wanted, one)
    stored.stage(ISSUE_ACTIVITIES, tables)
    return stored.changed(ISSUE_ACTIVITIES), read


def events(
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    redaction: Redaction,
    changed_issues: pa.Table,
    count: int,
) -> pa.Table:
    """Read the newest `count` stored events of each changed issue that is open; returns the new rows."""
    wanted = changed_issues.select(
        ["issue_id", "project_id", "status", "removed_reason"]
    ).to_pylist()
    rows: list[Row] = []

    def one(issue: Row) -> None:
        for body in reader.events(issue["issue_id"], count):
            row = flatten.event(body, issue["issue_id"], issue["project_id"], reader.organization)
            rows.append(redaction.event(row))

    workers.each(
        [i for i in wanted if i["status"] == "unresolved" and not i["removed_reason"]], one
    )
    stored.stage(ISSUE_EVENTS, [to_arrow(ISSUE_EVENTS, rows)])
    return stored.changed(ISSUE_EVENTS)


def issue_days(stored: StoredState, days: Sequence[pa.Table]) -> pa.Table:
    """Return the changed rows of `issue_daily_events`, without zeros for days that had no row."""
    stored.stage(ISSUE_DAILY_EVENTS, days)
    return stored_issues.changed_days(stored)


def project_days(
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    projects: dict[str, str],
    as_of: datetime,
) -> pa.Table:
    """Return the changed rows of `project_daily_events`; `projects` maps readable ids to slugs.

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
        stored_issues.stage_added_up_days(stored, PROJECT_DAILY_EVENTS)
    else:
        stored.stage(PROJECT_DAILY_EVENTS, [to_arrow(PROJECT_DAILY_EVENTS, rows)])
    return stored.changed(PROJECT_DAILY_EVENTS)
