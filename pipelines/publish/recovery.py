"""What only we hold, back from the last publication into a warehouse that was made anew.

Sentry keeps events for 90 days, forgets who changed what, and knows nothing of the product catalog. What was published
of all that is written to the raw tables as they stood then, as far as it was published; the next sync, a full one,
compares them with what Sentry shows now. It happens once: afterwards the warehouse knows projects.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish import versions
from pipelines.publish.contract import SCHEMA, Publication, read_publication
from pipelines.publish.open_published import PublishError, first_line
from pipelines.sentry.schema import DATASET
from pipelines.warehouse.attach import attach, connect
from pipelines.warehouse.raw_tables import LOAD_ID
from pipelines.warehouse.synced_projects import synced_projects

log = logging.getLogger(__name__)

Listed = tuple[Collection[str], Collection[tuple[str, datetime]]]
"""What Sentry lists now: slugs of organizations; id and time of creation (naive UTC) of projects."""

LISTED = """
create temp table listed as
select unnest($ids::varchar[]) as project_id, unnest($times::timestamp[]) as created_at
"""
# Ids alone are small numbers, the same on every server. Times are published in whole seconds. On a server that is the
# same, an organization whose projects cannot be listed just now is known by its slug.
OURS = """
create temp table ours as
with same as (
    select distinct projects.organization_slug
    from published.marts.dim_projects as projects
    inner join listed
        on projects.project_id = listed.project_id
        and date_trunc('second', projects.created_at) = date_trunc('second', listed.created_at)
)
select projects.organization_slug, max(freshness.synced_at) as synced_at
from published.marts.dim_projects as projects
left join published.marts.organization_freshness as freshness using (organization_slug)
where
    projects.organization_slug in (from same)
    or (projects.organization_slug in (select unnest($slugs::varchar[])) and exists (from same))
group by projects.organization_slug
"""
# With the columns that publications of earlier versions lack.
ISSUES = """
create temp view known_issues as
from published.marts.fct_issues
union all by name
select
    null::varchar as introduced_in_release,
    null::varchar as regressed_in_release,
    null::varchar as filename,
    null::varchar as function_name,
    null::varchar as error_type,
    null::varchar[] as owners
where false
"""

# Rows of each raw table, with the columns that were published.
RAW = {
    "projects": """
        select dim_projects.*, synced_at as observed_at
        from published.marts.dim_projects inner join ours using (organization_slug)
    """,
    # Of former slugs only the order is published, the newest first.
    "project_slugs": """
        select project_id, organization_slug, project_slug, synced_at as adopted_at
        from published.marts.dim_projects inner join ours using (organization_slug)
        union all
        select
            project_id,
            organization_slug,
            unnest(former_slugs),
            synced_at - to_seconds(generate_subscripts(former_slugs, 1))
        from published.marts.dim_projects inner join ours using (organization_slug)
    """,
    "issues": """
        select
            issues.* exclude (status, owners),
            assignee as assignee_name,
            to_json(owners)::varchar as owners,
            case
                when coalesce(filename, function_name, error_type) is not null
                    then json_object('filename', filename, 'function', function_name, 'type', error_type)::varchar
            end as metadata,
            synced_at as observed_at,
            introduced_in_release as first_release,
            case when introduced_in_release is not null then synced_at end as first_release_read_at,
            case
                when issues.status not in ('deleted', 'merged') then issues.status
                when removed_reason is not null or is_deleted then coalesce(last_status, 'unresolved')
                when issues.status = 'merged' then 'pending_merge'
                else 'pending_deletion'
            end as status
        from known_issues as issues
        inner join ours using (organization_slug)
        inner join (select project_id, is_deleted from published.marts.dim_projects) using (project_id)
        left join (
            select issue_id, max_by(from_status, changed_at) as last_status
            from published.marts.fct_issue_status_changes
            where to_status in ('deleted', 'merged')
            group by issue_id
        ) using (issue_id)
    """,
    # Of the releases in which an issue came back only the last is published.
    "issue_activities": """
        select
            changes.issue_id,
            'published-' || row_number() over (order by changes.issue_id, changed_at) as activity_id,
            case
                when to_status in ('resolved', 'ignored') then 'set_' || to_status
                when regressed_in_release is not null then 'set_regression'
                else 'set_unresolved'
            end as activity_type,
            changes.organization_slug,
            changed_at as occurred_at,
            case when regressed_in_release is not null then json_object('version', regressed_in_release) end as data
        from published.marts.fct_issue_status_changes as changes
        inner join ours on changes.organization_slug = ours.organization_slug
        left join known_issues as issues
            on
                changes.issue_id = issues.issue_id
                and changes.changed_at = issues.opened_at
                and changes.to_status = 'unresolved'
        where source = 'activity'
    """,
    "issue_status_observations": """
        select changes.*, changed_at as observed_at, changed_at as previous_observed_at
        from published.marts.fct_issue_status_changes as changes inner join ours using (organization_slug)
        where source = 'observed'
    """,
    "project_daily_events": """
        select project_id, date_on, organization_slug, event_count, 'publication' as event_source
        from published.marts.fct_project_daily inner join ours using (organization_slug)
    """,
    "project_daily_production_events": """
        select project_id, date_on, organization_slug, production_event_count as event_count
        from published.marts.fct_project_daily inner join ours using (organization_slug)
        where production_event_count is not null
    """,
    "project_daily_sessions": """
        select project_id, date_on, organization_slug, sessions, crashed_sessions
        from published.marts.fct_project_daily inner join ours using (organization_slug)
        where sessions > 0
    """,
    "releases": """
        select releases.*, synced_at as observed_at
        from published.marts.dim_releases as releases inner join ours using (organization_slug)
    """,
    "organization_syncs": """
        select
            publication.run_id,
            organization_slug,
            synced_at as started_at,
            synced_at as finished_at,
            'incremental' as mode,
            'complete' as status
        from ours cross join published.marts.publication
        where synced_at is not null
    """,
}

# What publications of earlier versions do not have: the mart, and a column of it.
LATER = {
    "project_daily_production_events": ("fct_project_daily", "production_event_count"),
    "project_daily_sessions": ("fct_project_daily", "sessions"),
    "releases": ("dim_releases", "version"),
}


def recover(
    warehouse: Path,
    target: Path,
    histories: Collection[str],
    listed: Callable[[], Listed],
) -> Publication | None:
    """Bring back what the last publication at `target` holds, if the warehouse is new; return it, else None.

    `histories`: the marts that are kept for good. `listed` is asked only then: nothing is taken of an organization
    that is not listed, nor from the publication of another server. Raises PublishError where there are publications
    and none can be read: to go on without would lose the histories.
    """
    with connect(warehouse, read_only=True) as db:
        if synced_projects(db):
            return None
    publication = _last(target)
    if publication is None:
        return None
    slugs, projects = listed()
    with connect(warehouse) as db:
        try:
            attach(db, publication.path, "published", "read_only")
            is_ours = _recover(db, histories, slugs, projects)
        except duckdb.Error as error:
            raise PublishError(_refusal(target, first_line(error))) from error
    if not is_ours:
        log.info("%s holds no project that Sentry lists: nothing of it is taken.", publication.path)
        return None
    log.info("The warehouse is new. Its histories come from %s.", publication.path)
    return publication


def _last(target: Path) -> Publication | None:
    """Return the newest publication that can be read, the current one first."""
    files = [*([target] if target.exists() else []), *versions.kept(target)]
    failure = ""
    for file in files:
        try:
            return read_publication(file)
        except PublishError as error:
            failure = failure or str(error)
            log.warning("%s", error)
    if files:
        raise PublishError(_refusal(target, failure))
    return None


def _refusal(target: Path, reason: str) -> str:
    return (
        f"The warehouse is new, and the histories cannot be taken from what was published: {reason}. "
        f"Put back a backup (`make restore`), or move {target.name} and the kept {target.stem}.*{target.suffix} "
        "away to begin without histories, and run again."
    )


def _recover(
    db: duckdb.DuckDBPyConnection,
    histories: Collection[str],
    slugs: Collection[str],
    projects: Collection[tuple[str, datetime]],
) -> bool:
    """Return whether any organization of the publication is one that is listed; all or nothing is written."""
    ids, times = ([key[n] for key in projects] for n in (0, 1))
    db.execute(LISTED, {"ids": ids, "times": times})
    db.execute(OURS, {"slugs": list(slugs)})
    db.execute(ISSUES)
    if not db.execute("from ours").fetchall():
        return False
    db.execute("begin")
    for table, query in RAW.items():
        mart, column = LATER.get(table, ("dim_projects", "project_id"))
        if column not in _columns(db, "published", mart):
            continue
        _insert(db, f"{DATASET}.{table}", f"select *, '0' as {LOAD_ID} from ({query})")
    _insert(db, "ops.earlier_sync_runs", f"from published.{SCHEMA}.sync_runs")
    db.execute(f"create schema if not exists {SCHEMA}")
    for name in histories:
        if columns_of := _columns(db, "published", name):
            own = (
                " semi join ours using (organization_slug)"
                if "organization_slug" in columns_of
                else ""
            )
            db.execute(
                f"create or replace table {SCHEMA}.{name} as from published.{SCHEMA}.{name}{own}"
            )
    db.execute("commit")
    return True


def _insert(db: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    """Insert the columns of the query that the table has."""
    offered = {name for name, *_ in db.execute(f"describe {query}").fetchall()}
    wanted = [name for name, *_ in db.execute(f"describe {table}").fetchall() if name in offered]
    db.execute(f"insert into {table} by name select {', '.join(wanted)} from ({query})")


def _columns(db: duckdb.DuckDBPyConnection, catalog: str, table: str) -> set[str]:
    rows = db.execute(
        "select column_name from duckdb_columns() "
        "where database_name = ? and schema_name = ? and table_name = ?",
        [catalog, SCHEMA, table],
    ).fetchall()
    return {str(name) for (name,) in rows}
