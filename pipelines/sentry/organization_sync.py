"""One organization, read to a state that can be stood behind: all of it or a failure, never half.

The rows of an organization are handed on only when all of it has been read, so that a failure in the middle leaves
its former data as they were.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from pipelines.sentry import plan
from pipelines.sentry.errors import EndpointMissingError, ForbiddenError, NotFoundError
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.read import follow_up
from pipelines.sentry.read.dialect import CURRENT_SENTRY, Dialect, detect
from pipelines.sentry.read.directory import Directory, Organization
from pipelines.sentry.read.issue_collection import TOMBSTONE, IssueSweep
from pipelines.sentry.read.issues import IssueReader
from pipelines.sentry.rows.redact import Privacy
from pipelines.sentry.schema import (
    ISSUE_ACTIVITIES,
    ISSUE_DAILY_EVENTS,
    ISSUE_EVENTS,
    ISSUE_STATUS_OBSERVATIONS,
    ISSUES,
    PROJECT_DAILY_EVENTS,
)
from pipelines.sentry.state import stored_issues as known_issues
from pipelines.sentry.state.stored import Known
from pipelines.sentry.state.stored_directory import changed_directory, choose_projects, new_projects

log = logging.getLogger("pipelines.sentry")


@dataclass(frozen=True)
class Options:
    """How to sync; the defaults suit Sentry's limits.

    Attributes:
        concurrency: parallel requests at most.
        full_every: age of the last full sync at which the next one is full.
        activity_budget: activity lists read per run for issues found already resolved.
        categories: hidden issue categories to read too (feedback, configuration).
        events_per_issue: newest stored events to read of each open issue that changed; 0 reads none.

    """

    concurrency: int = 5
    full_every: timedelta = timedelta(hours=24)
    activity_budget: int = 200
    categories: tuple[str, ...] = ()
    events_per_issue: int = 0
    privacy: Privacy = field(default_factory=Privacy)


@dataclass
class Outcome:
    """What the sync of one organization brought: changed rows per raw table, and how many issues changed how."""

    mode: plan.Mode
    tables: dict[str, pa.Table] = field(default_factory=dict)
    issues_new: int = 0
    issues_changed: int = 0
    issues_vanished: int = 0
    capabilities: dict[str, Any] = field(default_factory=dict)


def sync_organization(
    organization: Organization,
    directory: Directory,
    known: Known,
    as_of: datetime,
    options: Options,
    workers: Workers,
) -> Outcome:
    """Read one organization and return what differs from the warehouse; raises SentryError, then nothing counts."""
    slug = organization.slug
    state = known.states(as_of).get(slug, plan.OrganizationState())
    mode = plan.choose_mode(state, as_of, options.full_every)
    readable = organization.readable()
    dialect = _dialect(organization, readable, as_of)
    reader = IssueReader(organization.api, slug, dialect, readable)
    choose_projects(known, slug, directory.home_of())
    weights = known_issues.issue_counts(known)
    listings = plan.listings(
        mode,
        dialect,
        state,
        as_of,
        list(readable),
        weights,
        options.concurrency,
        options.categories,
        new_projects(known, slug, set(readable)),
    )
    log.info("%s: %s sync, %d listings", slug, mode, len(listings))
    expected: plan.Reason = "all" if mode == "full" else "open"
    sweep = IssueSweep(reader, workers, options.privacy, as_of, is_first=not weights)
    sweep.expected = sum(weights[pid][expected] for pid in readable if pid in weights)
    sweep.read_listings(listings)
    tombstones = _read_unshown(sweep, known, organization, mode, readable)
    known.stage(ISSUES, sweep.issues)
    known_issues.settle_issues(known, tombstones, as_of)
    outcome = Outcome(mode, changed_directory(known, organization, as_of))
    _follow_up(outcome, reader, known, workers, options, state, as_of)
    outcome.tables[ISSUE_DAILY_EVENTS.name] = follow_up.issue_days(known, sweep.days)
    outcome.tables[PROJECT_DAILY_EVENTS.name] = follow_up.project_days(
        reader, known, workers, organization.readable(), as_of
    )
    outcome.capabilities = {
        "listing": dialect.listing,
        "read_by_id": dialect.batch,
        "activities": reader.activity_source,
    }
    return outcome


def _dialect(organization: Organization, readable: dict[str, str], as_of: datetime) -> Dialect:
    if not readable:
        return CURRENT_SENTRY  # there is nothing to ask
    start = as_of - plan.RETENTION
    return detect(organization.api, organization.slug, list(readable.values()), start, as_of)


def _read_unshown(
    sweep: IssueSweep,
    known: Known,
    organization: Organization,
    mode: plan.Mode,
    readable: dict[str, str],
) -> pa.Table:
    """Read by id what the listings did not show; returns all tombstones of this organization."""
    hidden = {pid for pid in organization.projects if pid not in readable}
    if readable and sweep.lost_projects >= set(readable):
        raise ForbiddenError(
            f"None of the issues of {organization.slug} can be read with this token any more. "
            "It needs the scope event:read."
        )
    untouched: set[str] = set()
    for project_id in sweep.lost_projects:
        try:
            organization.api.get(f"projects/{organization.slug}/{readable[project_id]}/")
        except (NotFoundError, EndpointMissingError):
            # Deleted or moved while we read: the next sync's project list will tell which.
            untouched.add(project_id)
            continue
        except ForbiddenError:
            pass
        hidden.add(project_id)
        organization.projects[project_id]["has_access"] = False
    tombstones = known_issues.tombstones_of_projects(known, hidden, TOMBSTONE)
    unshown, buried = (
        {i: pid for i, pid in issues.items() if pid not in hidden and pid not in untouched}
        for issues in known_issues.unshown(known, organization.slug, mode, sweep.as_of)
    )
    return pa.concat_tables([tombstones, sweep.read_unshown(unshown, buried)])


def _follow_up(
    outcome: Outcome,
    reader: IssueReader,
    known: Known,
    workers: Workers,
    options: Options,
    state: plan.OrganizationState,
    as_of: datetime,
) -> None:
    """Read what explains the changes of the staged issues, and count them into the outcome."""
    changes = known_issues.status_changes(known)
    slug, privacy = reader.organization, options.privacy
    outcome.tables[ISSUE_STATUS_OBSERVATIONS.name] = follow_up.observations(
        changes, slug, state, as_of
    )
    flipped = [c.issue_id for c in changes if c.before is not None and c.is_alive]
    backfill = known_issues.without_activities(known, slug, options.activity_budget)
    again = known_issues.unexplained(known, options.activity_budget, as_of)
    outcome.tables[ISSUE_ACTIVITIES.name], read = follow_up.activities(
        reader, known, workers, privacy, [*flipped, *backfill, *again]
    )
    first_time = set(read) & {*flipped, *backfill}
    known_issues.mark_activities_read(known, first_time, as_of)
    issues = known_issues.changed_issues(known)
    outcome.tables[ISSUES.name] = issues
    outcome.issues_new = sum(c.before is None for c in changes)
    outcome.issues_vanished = sum(c.before is not None and not c.is_alive for c in changes)
    outcome.issues_changed = issues.num_rows - outcome.issues_new - outcome.issues_vanished
    if options.events_per_issue:
        outcome.tables[ISSUE_EVENTS.name] = follow_up.events(
            reader, known, workers, privacy, issues, options.events_per_issue
        )
