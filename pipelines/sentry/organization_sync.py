"""One organization, read in full: all of it or a failure, never half.

The rows of an organization are handed on only when all of it has been read, so that a failure in the middle leaves
its former data as they were.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipelines.sentry import plan
from pipelines.sentry.dialect import CURRENT_SENTRY, Dialect
from pipelines.sentry.errors import EndpointMissingError, ForbiddenError, NotFoundError
from pipelines.sentry.http.client import Row
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.optional_reads import OptionalReads
from pipelines.sentry.options import Options
from pipelines.sentry.organization import Directory, Organization
from pipelines.sentry.progress import Progress
from pipelines.sentry.read import follow_up
from pipelines.sentry.read.capabilities import Capabilities
from pipelines.sentry.read.collection import IssueCollection
from pipelines.sentry.read.detection import detect
from pipelines.sentry.read.issues import IssueReader
from pipelines.sentry.rows.typed import as_json
from pipelines.sentry.state import stored_issues
from pipelines.sentry.state.stored import StoredState
from pipelines.sentry.state.stored_directory import (
    read_before,
    set_own_projects,
    stage_directory,
)

log = logging.getLogger("pipelines.sentry")

GIVE_ACCESS = (
    "Have the token's user join their teams in Sentry, "
    "or take the token of an internal integration, which sees every project."
)

_COUNTERS = ("issues_new", "issues_changed", "issues_vanished")


@dataclass
class Changes:
    """What one organization brought: a Parquet file of changed rows per raw table that has any, and `log`.

    The log is what the row of organization_syncs says.
    """

    files: dict[str, Path] = field(default_factory=dict)
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
    capabilities = Capabilities(
        stored.capabilities(slug), mode == "full", organization.api.session, slug
    )
    owners = dialect.listing == "organization" and capabilities.is_worth_asking("owners")
    reader = IssueReader(organization.api, slug, dialect, readable, owners)
    optional = OptionalReads(reader, stored, workers, state, as_of, mode == "full", capabilities)
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
        reader,
        stored,
        workers,
        options.redaction,
        as_of,
        is_first=not weights,
        team_slugs=organization.team_slugs(),
        progress=progress,
    )
    progress.begin("issues", sum(weights[pid][expected] for pid in readable if pid in weights))
    collection.read_listings(listings)
    production_read = optional.read_production_issues(collection, options, weights, list(readable))
    tombstones = _read_not_listed(collection, stored, organization, mode, readable)
    if reader.owners_refusal:
        capabilities.note_unanswered("owners", reader.owners_refusal)
    else:
        capabilities.note_told("owners", collection.owners_told if owners else False)
    stored_issues.complete_issues(
        stored,
        tombstones,
        as_of,
        production_read=production_read,
        production_kept=optional.keeps_production,
    )
    stage_directory(stored, organization, as_of)
    _follow_up(reader, stored, workers, options, state, as_of, progress)
    stored_issues.set_changed_days(stored)
    progress.begin("events per day")
    follow_up.project_days(reader, stored, workers, organization.readable(), as_of)
    optional.read_all(options, organization.readable(), before, progress)
    found = {
        "listing": dialect.listing,
        "read_by_id": dialect.batch,
        "activities": reader.activity_source,
        **capabilities.found,
    }
    counted = dict(zip(_COUNTERS, stored_issues.count_changes(stored), strict=True))
    return Changes(
        stored.write_changed(), {"mode": mode, "capabilities": as_json(found), **counted}
    )


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
    """Read by id what the listings did not show; returns tombstones of what is gone.

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
    not_listed = stored_issues.not_listed(
        stored, organization.slug, mode, collection.as_of, hidden | untouched
    )
    return collection.read_by_id(not_listed)


def _follow_up(
    reader: IssueReader,
    stored: StoredState,
    workers: Workers,
    options: Options,
    state: plan.OrganizationState,
    as_of: datetime,
    progress: Progress,
) -> None:
    """Read what explains the changes of the issues."""
    slug, redaction = reader.organization, options.redaction
    flipped = stored_issues.observe_status_changes(stored, slug, state, as_of)
    backfill = stored_issues.without_activities(stored, slug, options.activity_budget)
    again = stored_issues.without_resolve_activity(stored, options.activity_budget, as_of)
    read = follow_up.activities(
        reader, stored, workers, redaction, [*flipped, *backfill, *again], progress
    )
    first_time = set(read) & {*flipped, *backfill}
    stored_issues.mark_activities_read(stored, first_time, as_of)
    if options.events_per_issue:
        follow_up.events(reader, stored, workers, redaction, options.events_per_issue)
