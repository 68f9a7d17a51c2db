"""What the syncs write down about an issue: its row, the flips they saw, what they read of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from .ground_truth import DAY, READ_AFTER, GroundTruth, Issue, Run
from .random_usage import introduced_in, production_of, said_by
from .raw_world import Row


@dataclass
class _Seen:
    """What the warehouse holds about one issue so far."""

    row: Row | None = None
    state: str = ""
    read_at: datetime | None = None  # when its status was last read
    observations: list[Row] = field(default_factory=list)
    activities: dict[str, Row] = field(default_factory=dict)


def issue_rows(issue: Issue, truth: GroundTruth, last: int) -> Iterator[tuple[str, Row]]:
    """(table, row) of the issue after the runs up to `last`."""
    seen = _Seen()
    for run in truth.runs[: last + 1]:
        organization = issue.project.organization(run.index)
        if organization not in run.failed:
            _look(issue, run, organization, organization in truth.without_activities, seen)
    if seen.row:
        yield "issues", seen.row
        yield from (("issue_status_observations", row) for row in seen.observations)
        yield from (("issue_activities", row) for row in seen.activities.values())
        yield from (("issue_daily_events", row) for row in _daily_events(issue, seen))


def _look(issue: Issue, run: Run, organization: str, no_activities: bool, seen: _Seen) -> None:
    started = run.started[organization]
    instant = started + READ_AFTER
    status, removed = _state(issue, run, instant)
    state = removed or status
    if issue.first_seen > instant or (not seen.row and removed):
        return
    hidden = removed in ("project_gone", "access_lost")
    closed = "unresolved" not in (seen.state, state) and seen.state != "access_lost"
    if removed and seen.row and seen.row["removed_reason"]:
        return  # a tombstone stays as it is
    if seen.row and closed and not run.is_full and not hidden:
        return  # an ordinary run re-reads neither what was closed nor what had no event
    first = seen.row is None
    flipped = not first and _published(seen.state) != _published(state)
    if flipped:
        seen.observations.append(
            {
                "issue_id": issue.issue_id,
                "observed_at": started,
                "organization_slug": organization,
                "previous_observed_at": seen.read_at,
                "from_status": _published(seen.state),
                "to_status": _published(state),
            }
        )
    before = seen.row or dict.fromkeys(
        ("status", "substatus", "activities_read_at", "is_in_production")
    )
    read_at = before["activities_read_at"]
    wants = run.index in issue.backfilled_in or (flipped and issue.reads_flip[run.index])
    if wants and not removed and not no_activities:
        read_at = started
        seen.activities |= {
            row["activity_id"] + row["activity_type"]: row
            for row in _activities(issue, organization, instant)
        }
    told = _substatus(issue, status, instant) if not no_activities else None
    seen.row = _row(issue, organization, run) | {
        "status": before["status"] if removed and status != "pending_deletion" else status,
        "substatus": before["substatus"] if removed else told,
        "event_count": issue.count + (run.index if status == "unresolved" else 0),
        "last_seen_at": min(instant, issue.first_seen + (instant - issue.first_seen) / 2),
        "removed_reason": removed,
        "removed_at": started if removed else None,
        "merged_into_issue_id": issue.gone.into if issue.gone and removed == "merged" else None,
        "activities_read_at": read_at,
        "is_in_production": production_of(issue, run, organization, before["is_in_production"])
        if state == "unresolved"
        else before["is_in_production"],
    }
    seen.state, seen.read_at = state, started


def _state(issue: Issue, run: Run, instant: datetime) -> tuple[str, str | None]:
    """Sentry's status at that time, and why the issue is gone if it is."""
    status = "unresolved"
    for change in issue.changes:
        status = change.status if change.at <= instant else status
    if issue.project.is_deleted(run.index):
        return status, "project_gone"
    if issue.project.is_hidden(run.index):
        return status, "access_lost"
    if issue.gone and issue.gone.vanished_at <= instant:
        return status, issue.gone.reason
    if issue.gone and issue.gone.at <= instant:
        return "pending_deletion", "deleted"
    return status, None


def _published(state: str) -> str:
    return "deleted" if state in ("project_gone", "access_lost") else state


def _substatus(issue: Issue, status: str, instant: datetime) -> str | None:
    """Sentry's finer word: what is new or came back is so for a week, then it is ongoing."""
    changes = [change for change in issue.changes if change.at <= instant]
    if status == "ignored":
        kinds = ("until_escalating", "until_condition_met", "forever")
        return f"archived_{kinds[int(issue.issue_id) % 3]}"
    if status != "unresolved":
        return None
    if instant - (changes[-1].at if changes else issue.first_seen) > 7 * DAY:
        return "ongoing"
    words = {"set_regression": "regressed", "set_escalating": "escalating"}
    return words.get(changes[-1].activity, "ongoing") if changes else "new"


def _daily_events(issue: Issue, seen: _Seen) -> Iterator[Row]:
    for day, count in issue.events.items():
        # One day more than the clock says: a sync that runs over midnight reads it.
        if seen.row and seen.read_at and day <= seen.read_at.date() + DAY:
            yield {
                "issue_id": issue.issue_id,
                "date_on": day,
                "organization_slug": seen.row["organization_slug"],
                "event_count": count,
            }


def _row(issue: Issue, organization: str, run: Run) -> Row:
    return {
        "issue_id": issue.issue_id,
        "organization_slug": organization,
        "project_id": issue.project.project_id,
        "short_id": f"X-{issue.issue_id}",
        "issue_category": issue.category,
        "first_seen_at": issue.first_seen,
        "permalink": f"https://sentry.example/{issue.issue_id}/",
        **introduced_in(issue, run),
        **issue.traits,
    }


def _activities(issue: Issue, organization: str, until: datetime) -> Iterator[Row]:
    """The activity list as Sentry answers it at that time, noise included, newest first."""
    entries = [(change.recorded_at, change.activity) for change in issue.changes]
    entries = sorted(entry for entry in [*entries, *issue.noise] if entry[0] <= until)
    numbered = [
        (str(number), at, kind)
        # Ids that sort differently as text, so that only time orders them.
        for number, (at, kind) in enumerate(entries, start=int(issue.issue_id) % 90 + 5)
    ]
    for activity_id, at, kind in reversed([("0", issue.first_seen, "first_seen"), *numbered]):
        yield {
            "issue_id": issue.issue_id,
            "activity_id": activity_id,
            "activity_type": kind,
            "organization_slug": organization,
            "occurred_at": at,
            "actor": None,
            "data": said_by(kind, issue, at),
        }
