"""One organization, read in full: all of it or a failure, never half.

The rows of an organization are handed on only when all of it has been read, so that a failure in the middle leaves
its former data as they were.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from pipelines.sentry import plan
from pipelines.sentry.dialect import CURRENT_SENTRY, Dialect
from pipelines.sentry.errors import EndpointMissingError, ForbiddenError, NotFoundError
from pipelines.sentry.http.client import Row
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.organization import Directory, Organization
from pipelines.sentry.progress import Progress
from pipelines.sentry.read import follow_up
from pipelines.sentry.read.collection import TOMBSTONE, IssueCollection
from pipelines.sentry.read.detection import detect
from pipelines.sentry.read.issues import IssueReader
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.rows.typed import as_json
from pipelines.sentry.schema import (
    ISSUE_ACTIVITIES,
    ISSUE_DAILY_EVENTS,
    ISSUE_EVENTS,
    ISSUE_STATUS_OBSERVATIONS,
    ISSUES,
    PROJECT_DAILY_EVENTS,
)
from pipelines.sentry.state import stored_issues
from pipelines.sentry.state.stored import StoredState
from pipelines.sentry.state.stored_directory import (
    changed_directory,
    read_before,
    set_own_projects,
)

log = logging.getLogger("pipelines.sentry")

GIVE_ACCESS = (
    "Have the token's user join their teams in Sentry, "
    "or take the token of an internal integration, which sees every project."
)

_COUNTERS = ("issues_new", "issues_changed", "issues_vanished")


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
    redaction: Redaction = field(default_factory=Redaction)


@dataclass
class Changes:
    """What one organization brought: changed rows per raw table, and `log`, what its row of organization_syncs says."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    log: Row = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))


def sync_organization(
    organization: Organization,
    directory: Directory,
    stored: StoredState,
    as_of: datetime,
    options: Options,
    workers: Workers,
    progress: Progress,
) -> Changes:
    """Read one organization and return what differs from the warehouse; raises SentryError, then nothing counts."""
    slug = organization.slug
    state = stored.states(as_of).get(slug, plan.OrganizationState())
    mode = plan.choose_mode(state, as_of, options.full_every)
    readable, before = organization.readable(), read_before(stored, slug)
    if not readable and before & organization.projects.keys():
        raise ForbiddenError(
            f"None of the {len(organization.projects)} projects of {slug} can be read with this token any more. "
            f"{GIVE_ACCESS}"
        )
    dialect = _dialect(organization, readable, as_of)
    reader = IssueReader(organization.api, slug, dialect, readable)
    set_own_projects(stored, slug, directory.home_of())
    weights = stored_issues.issue_counts(stored)
    listings = plan.listings(
        mode,
        dialect,
        state,
        as_of,
        list(readable),
        weights,
        options.concurrency,
        options.categories,
        readable.keys() - before,
    )
    known = len(organization.projects)
    log.info("%s: %s sync, %d of %d projects can be read", slug, mode, len(readable), known)
    expected: plan.Reason = "all" if mode == "full" else "open"
    collection = IssueCollection(
        reader, workers, options.redaction, as_of, is_first=not weights, progress=progress
    )
    progress.begin("issues", sum(weights[pid][expected] for pid in readable if pid in weights))
    collection.read_listings(listings)
    tombstones = _read_not_listed(collection, stored, organization, mode, readable)
    stored.stage(ISSUES, collection.issues)
    stored_issues.complete_issues(stored, tombstones, as_of)
    changes = Changes(changed_directory(stored, organization, as_of))
    changes.log["mode"] = mode
    _follow_up(changes, reader, stored, workers, options, state, as_of, progress)
    changes.tables[ISSUE_DAILY_EVENTS.name] = follow_up.issue_days(stored, collection.days)
    progress.begin("events per day")
    changes.tables[PROJECT_DAILY_EVENTS.name] = follow_up.project_days(
        reader, stored, workers, organization.readable(), as_of
    )
    changes.log["capabilities"] = as_json(
        {
            "listing": dialect.listing,
            "read_by_id": dialect.batch,
            "activities": reader.activity_source,
        }
    )
    return changes


def _dialect(organization: Organization, readable: dict[str, str], as_of: datetime) -> Dialect:
    if not readable:
        return CURRENT_SENTRY  # there is nothing to ask
    start = as_of - plan.RETENTION
    return detect(organization.api, organization.slug, list(readable.values()), start, as_of)


def _read_not_listed(
    collection: IssueCollection,
    stored: StoredState,
    organization: Organization,
    mode: plan.Mode,
    readable: dict[str, str],
) -> pa.Table:
    """Read by id what the listings did not show; returns all tombstones of this organization.

    What cannot be read any more is not gone: issues of such a project stay as they were.
    """
    hidden = {pid for pid in organization.projects if pid not in readable}
    if readable and collection.unreadable_projects >= set(readable):
        raise ForbiddenError(
            f"None of the issues of {organization.slug} can be read with this token any more. "
            "It needs the scope event:read."
        )
    untouched: set[str] = set()
    for project_id in collection.unreadable_projects:
        try:
            organization.api.get(f"projects/{organization.slug}/{readable[project_id]}/")
        except (NotFoundError, EndpointMissingError):
            # Deleted or moved while we read: the next sync's project list will show which.
            untouched.add(project_id)
            continue
        except ForbiddenError:
            pass
        hidden.add(project_id)
        organization.projects[project_id]["has_access"] = False
    stored.keep_ids("hidden", hidden)
    tombstones = stored_issues.tombstones_of_projects(stored, TOMBSTONE)
    not_listed, once_deleted = (
        {i: pid for i, pid in issues.items() if pid not in hidden and pid not in untouched}
        for issues in stored_issues.not_listed(stored, organization.slug, mode, collection.as_of)
    )
    return pa.concat_tables([tombstones, collection.read_not_listed(not_listed, once_deleted)])


def _follow_up(
    changes: Changes,
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    options: Options,
    state: plan.OrganizationState,
    as_of: datetime,
    progress: Progress,
) -> None:
    """Read what explains the changes of the staged issues, and count them."""
    flips = stored_issues.status_changes(stored)
    slug, redaction = reader.organization, options.redaction
    changes.tables[ISSUE_STATUS_OBSERVATIONS.name] = follow_up.observations(
        flips, slug, state, as_of
    )
    flipped = [f.issue_id for f in flips if f.before is not None and f.exists]
    backfill = stored_issues.without_activities(stored, slug, options.activity_budget)
    again = stored_issues.without_resolve_activity(stored, options.activity_budget, as_of)
    changes.tables[ISSUE_ACTIVITIES.name], read = follow_up.activities(
        reader, stored, workers, redaction, [*flipped, *backfill, *again], progress
    )
    first_time = set(read) & {*flipped, *backfill}
    stored_issues.mark_activities_read(stored, first_time, as_of)
    issues = stored_issues.changed_issues(stored)
    changes.tables[ISSUES.name] = issues
    new = sum(f.before is None for f in flips)
    vanished = sum(f.existed and not f.exists for f in flips)
    counted = (new, issues.num_rows - new - vanished, vanished)
    changes.log |= dict(zip(_COUNTERS, counted, strict=True))
    if options.events_per_issue:
        changes.tables[ISSUE_EVENTS.name] = follow_up.events(
            reader, stored, workers, redaction, issues, options.events_per_issue
        )
