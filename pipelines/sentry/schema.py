"""The raw tables: which columns the source writes, of which type, and what makes a row unique.

This is the data type contract between the Sentry source and everything downstream. Rows are built against these
schemas, so a field whose type changed in Sentry's API fails here, by name, and never reaches the warehouse.

Timestamps are UTC without a zone; `*_on` are UTC days. JSON columns are text holding JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import duckdb
import pyarrow as pa

# The schema of the raw tables in the warehouse.
DATASET = "raw_sentry"
TIMESTAMP = pa.timestamp("us")


@dataclass(frozen=True)
class RawTable:
    """One raw table: its columns and the key by which a new row replaces an old one."""

    name: str
    description: str
    key: tuple[str, ...]
    schema: pa.Schema


def _table(name: str, description: str, key: tuple[str, ...], **columns: pa.DataType) -> RawTable:
    fields = [
        pa.field(column, kind, nullable=column not in key) for column, kind in columns.items()
    ]
    return RawTable(name, description, key, pa.schema(fields))


ORGANIZATIONS = _table(
    "organizations",
    "One row per organization that the token can see.",
    ("organization_slug",),
    organization_slug=pa.string(),
    organization_id=pa.string(),
    organization_name=pa.string(),
    region_url=pa.string(),
    created_at=TIMESTAMP,
    observed_at=TIMESTAMP,
)

PROJECTS = _table(
    "projects",
    "One row per project ever seen, with the slug, name and organization that it has now.",
    ("project_id",),
    project_id=pa.string(),
    organization_slug=pa.string(),
    project_slug=pa.string(),
    project_name=pa.string(),
    platform=pa.string(),
    created_at=TIMESTAMP,
    # False when Sentry lists the project but not its issues to this token.
    has_access=pa.bool_(),
    # When a sync found that they cannot be read any more; null while they can be, and if they never could.
    access_lost_at=TIMESTAMP,
    # Set when a complete listing no longer holds the project.
    deleted_at=TIMESTAMP,
    observed_at=TIMESTAMP,
)

PROJECT_SLUGS = _table(
    "project_slugs",
    "One row per slug that a project has had; adopted_at is when a sync first saw it (again).",
    ("project_id", "organization_slug", "project_slug"),
    project_id=pa.string(),
    organization_slug=pa.string(),
    project_slug=pa.string(),
    adopted_at=TIMESTAMP,
)

TEAMS = _table(
    "teams",
    "One row per team ever seen.",
    ("team_id",),
    team_id=pa.string(),
    organization_slug=pa.string(),
    team_slug=pa.string(),
    team_name=pa.string(),
    member_count=pa.int64(),
    created_at=TIMESTAMP,
    deleted_at=TIMESTAMP,
    observed_at=TIMESTAMP,
)

PROJECT_TEAMS = _table(
    "project_teams",
    "One row per project and team ever linked; removed_at is set when the link is gone.",
    ("project_id", "team_id"),
    project_id=pa.string(),
    team_id=pa.string(),
    organization_slug=pa.string(),
    removed_at=TIMESTAMP,
    observed_at=TIMESTAMP,
)

ISSUES = _table(
    "issues",
    "One row per issue ever seen, as Sentry last returned it. Rows are rewritten only when something changed.",
    ("issue_id",),
    issue_id=pa.string(),
    organization_slug=pa.string(),
    project_id=pa.string(),
    short_id=pa.string(),
    title=pa.string(),
    culprit=pa.string(),
    level=pa.string(),
    # As Sentry says it: unresolved, resolved, ignored, pending_deletion, pending_merge, reprocessing, ...
    status=pa.string(),
    substatus=pa.string(),
    issue_priority=pa.string(),
    issue_category=pa.string(),
    issue_type=pa.string(),
    event_type=pa.string(),
    platform=pa.string(),
    logger=pa.string(),
    is_unhandled=pa.bool_(),
    assignee_type=pa.string(),
    assignee_id=pa.string(),
    assignee_name=pa.string(),
    assignee_email=pa.string(),
    event_count=pa.int64(),
    user_count=pa.int64(),
    first_seen_at=TIMESTAMP,
    last_seen_at=TIMESTAMP,
    comment_count=pa.int64(),
    permalink=pa.string(),
    status_details=pa.string(),
    metadata=pa.string(),
    annotations=pa.string(),
    # JSON: fields of Sentry's reply that this source does not know (yet); null when there are none.
    other_fields=pa.string(),
    # null while the issue exists; deleted, merged or project_gone afterwards, and while Sentry waits to do so.
    removed_reason=pa.string(),
    removed_at=TIMESTAMP,
    merged_into_issue_id=pa.string(),
    # The activity list was last read by the sync that started then; null = never.
    activities_read_at=TIMESTAMP,
    # Version of the release in which Sentry first saw the issue; null where there is none, or it was never asked for.
    first_release=pa.string(),
    first_release_read_at=TIMESTAMP,
    # An open issue had an event in one of PRODUCTION_ENVIRONMENTS in the last 90 days; null where that is unknown.
    is_in_production=pa.bool_(),
    # JSON: who owns it by the rules of its project, a list in the words of CODEOWNERS: #team-slug, user:ID.
    owners=pa.string(),
    # Start (Sentry's clock) of the sync that wrote this version of the row.
    observed_at=TIMESTAMP,
)

ISSUE_ACTIVITIES = _table(
    "issue_activities",
    "One row per entry of an issue's activity list, the only source of when it was resolved or reopened.",
    ("issue_id", "activity_id", "activity_type"),
    issue_id=pa.string(),
    activity_id=pa.string(),
    activity_type=pa.string(),
    organization_slug=pa.string(),
    occurred_at=TIMESTAMP,
    actor=pa.string(),
    data=pa.string(),
)

ISSUE_STATUS_OBSERVATIONS = _table(
    "issue_status_observations",
    "One row per change of status that a sync saw: it happened after previous_observed_at and by observed_at.",
    ("issue_id", "observed_at"),
    issue_id=pa.string(),
    observed_at=TIMESTAMP,
    organization_slug=pa.string(),
    previous_observed_at=TIMESTAMP,
    # Sentry's status or, of an issue that is gone, its removed_reason.
    from_status=pa.string(),
    to_status=pa.string(),
)

ISSUE_DAILY_EVENTS = _table(
    "issue_daily_events",
    "One row per issue and UTC day with events, as far as the listings held it (14 days back).",
    ("issue_id", "date_on"),
    issue_id=pa.string(),
    date_on=pa.date32(),
    organization_slug=pa.string(),
    event_count=pa.int64(),
)

PROJECT_DAILY_EVENTS = _table(
    "project_daily_events",
    "One row per project and UTC day with accepted error events; event_source says from which API.",
    ("project_id", "date_on"),
    project_id=pa.string(),
    date_on=pa.date32(),
    organization_slug=pa.string(),
    event_count=pa.int64(),
    # stats_v2, project_stats, or issues (the sum of what the issue lists held); publication where a new warehouse has
    # it from what was published.
    event_source=pa.string(),
)

RELEASES = _table(
    "releases",
    "One row per release and project that it belongs to.",
    ("organization_slug", "version", "project_id"),
    organization_slug=pa.string(),
    release_id=pa.string(),
    version=pa.string(),  # as Sentry has it: often package@version
    project_id=pa.string(),
    created_at=TIMESTAMP,
    released_at=TIMESTAMP,  # null = not released yet, or nobody said so
    first_event_at=TIMESTAMP,
    last_event_at=TIMESTAMP,
    new_issues=pa.int64(),  # in this project, by Sentry's own count
    observed_at=TIMESTAMP,
)

PROJECT_DAILY_PRODUCTION_EVENTS = _table(
    "project_daily_production_events",
    "One row per project and UTC day: accepted error events in PRODUCTION_ENVIRONMENTS, where Sentry counts them.",
    ("project_id", "date_on"),
    project_id=pa.string(),
    date_on=pa.date32(),
    organization_slug=pa.string(),
    event_count=pa.int64(),
)

PROJECT_DAILY_SESSIONS = _table(
    "project_daily_sessions",
    "One row per project and UTC day with sessions.",
    ("project_id", "date_on"),
    project_id=pa.string(),
    date_on=pa.date32(),
    organization_slug=pa.string(),
    sessions=pa.int64(),
    crashed_sessions=pa.int64(),
)

PRODUCT_USERS = _table(
    "product_users",
    "One row per product, organization and window: unique users in the projects of the product's tree (opt-in).",
    ("organization_slug", "product_id", "window_days"),
    organization_slug=pa.string(),
    product_id=pa.string(),
    window_days=pa.int64(),  # 7 or 30, the UTC days that end with that of the sync
    user_count=pa.int64(),
    observed_at=TIMESTAMP,
)

ISSUE_EVENTS = _table(
    "issue_events",
    "One row per stored event of an unresolved issue (opt-in: the newest few of each).",
    ("event_id",),
    event_id=pa.string(),
    issue_id=pa.string(),
    organization_slug=pa.string(),
    project_id=pa.string(),
    title=pa.string(),
    message=pa.string(),
    platform=pa.string(),
    occurred_at=TIMESTAMP,
    tags=pa.string(),
    entries=pa.string(),
)

ORGANIZATION_SYNCS = _table(
    "organization_syncs",
    "One row per sync and organization: what was read, from when to when, and how it went.",
    ("run_id", "organization_slug"),
    run_id=pa.string(),
    organization_slug=pa.string(),
    # Sentry's clock. Everything that had an event up to started_at has been read when status is complete.
    started_at=TIMESTAMP,
    finished_at=TIMESTAMP,
    mode=pa.string(),  # full, incremental
    status=pa.string(),  # complete, failed
    failure=pa.string(),
    requests=pa.int64(),
    pages=pa.int64(),
    retries=pa.int64(),
    seconds_rate_limited=pa.float64(),
    issues_new=pa.int64(),
    issues_changed=pa.int64(),
    issues_vanished=pa.int64(),
    capabilities=pa.string(),  # JSON: what this server was found able to do
)

RAW_TABLES: tuple[RawTable, ...] = (
    ORGANIZATIONS,
    PROJECTS,
    PROJECT_SLUGS,
    TEAMS,
    PROJECT_TEAMS,
    ISSUES,
    ISSUE_ACTIVITIES,
    ISSUE_STATUS_OBSERVATIONS,
    ISSUE_DAILY_EVENTS,
    PROJECT_DAILY_EVENTS,
    RELEASES,
    PROJECT_DAILY_PRODUCTION_EVENTS,
    PROJECT_DAILY_SESSIONS,
    PRODUCT_USERS,
    ISSUE_EVENTS,
    ORGANIZATION_SYNCS,
)


@cache
def duckdb_types() -> dict[str, dict[str, str]]:
    """Return table -> column -> its type as DuckDB has it, for every raw table."""
    with duckdb.connect() as db:
        found = {}
        for table in RAW_TABLES:
            db.register("empty", table.schema.empty_table())
            described = db.execute("describe from empty").fetchall()
            found[table.name] = {str(name): str(kind) for name, kind, *_ in described}
        return found
