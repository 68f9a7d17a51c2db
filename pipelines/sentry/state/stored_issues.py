"""How the issues just read differ from those in the warehouse, and what has to be asked because of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa

from pipelines.sentry.plan import Mode, Reason
from pipelines.sentry.schema import ISSUE_DAILY_EVENTS, ISSUES, RawTable
from pipelines.sentry.state.stored import StoredState

# Sentry's word, or why an issue is gone. What the words mean to those who count, the dbt models say.
_STATUS = "coalesce({0}.removed_reason, {0}.status)"

_EXPLAINED_WITHIN = timedelta(days=2)


@dataclass(frozen=True)
class StatusChange:
    """A staged issue whose status is not what the warehouse has (before None: it had no such issue).

    Also an issue that is newly marked as regressed, though it was open before: it was resolved in between.
    """

    issue_id: str
    before: str | None
    now: str
    existed: bool
    exists: bool
    observed_at: datetime | None


def issue_counts(stored: StoredState) -> dict[str, dict[Reason, int]]:
    """Return per project how many issues each kind of listing is expected to show."""
    rows = stored.sql.execute(
        "select project_id, count(*), count(*) filter (status = 'unresolved') "
        "from stored_issues where removed_reason is null group by 1"
    ).fetchall()
    # What is hot is not known beforehand; a twentieth of all issues is a generous guess.
    return {
        project_id: {"all": total, "open": opened, "hot": total // 20}
        for project_id, total, opened in rows
    }


def not_listed(
    stored: StoredState, slug: str, mode: Mode, as_of: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Return issue id -> project id of the stored issues that a sync answers for: to account for, to look at again.

    To account for - full: all that are alive. Incremental: those that were open. Always: those whose project has
    come from another organization or was gone or out of reach, and those of which is not known yet into which they
    were merged.
    To look at again - full: those called deleted within the last week, in case that was a mistake.
    """
    rows = stored.sql.execute(
        """
        select issue_id, project_id, coalesce(removed_reason = 'deleted', false)
        from stored_issues inner join own_projects using (project_id)
        where not is_gone and (
            (
                removed_reason is null
                and (
                    $is_full or status = 'unresolved' or organization_slug != $slug
                    or project_id in (select project_id from stored_projects where not has_access)
                )
            )
            or removed_reason in ('project_gone', 'access_lost')
            or (removed_reason = 'merged' and merged_into_issue_id is null)
            or ($is_full and removed_reason = 'deleted' and removed_at >= $as_of - interval 7 days)
        )
        """,
        {"is_full": mode == "full", "slug": slug, "as_of": as_of},
    ).fetchall()
    wanted = {issue_id: project_id for issue_id, project_id, was_deleted in rows if not was_deleted}
    once_deleted = {
        issue_id: project_id for issue_id, project_id, was_deleted in rows if was_deleted
    }
    return wanted, once_deleted


def tombstones_of_projects(stored: StoredState, schema: pa.Schema) -> pa.Table:
    """Return tombstones of the live issues whose project is gone."""
    return stored.table(
        """
        select issue_id, 'project_gone' as removed_reason, cast(null as varchar) as merged_into_issue_id
        from stored_issues inner join own_projects using (project_id)
        where removed_reason is null and is_gone
        """,
        schema,
    )


def complete_issues(stored: StoredState, tombstones: pa.Table, as_of: datetime) -> None:
    """Put `staged_issues` right: keep what Sentry forgot, add the rows of issues that are gone.

    `tombstones`: issue_id, removed_reason, merged_into_issue_id. Events older than the server's retention
    leave last_seen_at and user_count empty in its answer; the last known value stays.
    """
    stored.sql.execute("""
        update staged_issues set
            last_seen_at = coalesce(staged_issues.last_seen_at, stored.last_seen_at),
            user_count = coalesce(staged_issues.user_count, stored.user_count),
            first_seen_at = coalesce(staged_issues.first_seen_at, stored.first_seen_at),
            -- It went when a sync first saw so.
            removed_at = case
                when staged_issues.removed_reason = stored.removed_reason then stored.removed_at
                else staged_issues.removed_at
            end,
            -- What an issue became is to be explained anew.
            activities_read_at = case
                when staged_issues.status = stored.status
                    and (
                        staged_issues.substatus is distinct from 'regressed'
                        or stored.substatus is not distinct from 'regressed'
                    )
                    then stored.activities_read_at
            end
        from stored_issues as stored where stored.issue_id = staged_issues.issue_id
    """)
    stored.keep("tombstones", tombstones)
    columns = ", ".join(
        {
            "removed_reason": "tombstones.removed_reason",
            "removed_at": "cast(? as timestamp)",
            "merged_into_issue_id": "tombstones.merged_into_issue_id",
            "observed_at": "cast(? as timestamp)",
        }.get(name, f"stored.{name}")
        for name in ISSUES.schema.names
    )
    stored.sql.execute(
        f"insert into staged_issues select {columns} from stored_issues as stored "
        "inner join tombstones using (issue_id) "
        "where stored.issue_id not in (select issue_id from staged_issues)",
        [as_of, as_of],
    )
    # An issue merged earlier into one that has now been merged itself follows to the last survivor.
    followed = ", ".join(
        f"{'tombstones' if name == 'merged_into_issue_id' else 'stored'}.{name}"
        for name in ISSUES.schema.names
    )
    stored.sql.execute(
        f"insert into staged_issues select {followed} from stored_issues as stored "
        "inner join tombstones on tombstones.issue_id = stored.merged_into_issue_id "
        "where tombstones.merged_into_issue_id is not null "
        "and stored.issue_id not in (select issue_id from staged_issues)"
    )


def status_changes(stored: StoredState) -> list[StatusChange]:
    """Return the staged issues that are new, changed their status, or were reopened since."""
    before, now = _STATUS.format("stored"), _STATUS.format("staged")
    rows = stored.sql.execute(f"""
        select staged.issue_id, {before} as before, {now} as now,
            stored.issue_id is not null and stored.removed_reason is null as existed,
            staged.removed_reason is null as is_there, stored.observed_at
        from staged_issues as staged left join stored_issues as stored using (issue_id)
        where stored.issue_id is null or {before} is distinct from {now}
            or (staged.substatus = 'regressed' and stored.substatus is distinct from 'regressed')
    """).fetchall()
    return [StatusChange(*row) for row in rows]


def without_activities(stored: StoredState, slug: str, limit: int) -> list[str]:
    """Return ids of issues that may have a history that was never read: resolved ones first, newest first.

    Open ones too: they may have been reopened, and Sentry drops its mark `regressed` after a week.
    """
    rows = stored.sql.execute(
        """
        with issues as (
            select issue_id, status, substatus, removed_reason, activities_read_at, last_seen_at
            from staged_issues
            union all
            select issue_id, status, substatus, removed_reason, activities_read_at, last_seen_at
            from stored_issues where issue_id not in (select issue_id from staged_issues)
                and organization_slug = ? and project_id not in (from hidden)
        )
        select issue_id from issues
        where activities_read_at is null and removed_reason is null
            and coalesce(substatus, '') != 'new'
        order by status = 'resolved' desc, coalesce(substatus = 'regressed', false) desc,
            last_seen_at desc nulls last, issue_id
        limit ?
        """,
        [slug, limit],
    ).fetchall()
    return [issue_id for (issue_id,) in rows]


def without_resolve_activity(stored: StoredState, limit: int, as_of: datetime) -> list[str]:
    """Return ids of resolved issues whose activities, read in the last two days, do not hold the resolve.

    Sentry computes that an issue has resolved by age before its job writes so.
    """
    rows = stored.sql.execute(
        """
        with last_words as (
            select issue_id, max_by(activity_type, occurred_at) as said
            from stored_issue_activities
            where activity_type like 'set_%'
                and activity_type not in ('set_priority', 'set_public', 'set_private')
            group by issue_id
        )
        select issue_id from stored_issues left join last_words using (issue_id)
        where status = 'resolved' and removed_reason is null and activities_read_at > ?
            and coalesce(said, '') not like 'set_resolved%'
            and project_id in (select project_id from own_projects where not is_gone)
            and project_id not in (from hidden)
        order by activities_read_at desc, issue_id
        limit ?
        """,
        [as_of - _EXPLAINED_WITHIN, limit],
    ).fetchall()
    return [issue_id for (issue_id,) in rows]


def mark_activities_read(stored: StoredState, ids: Iterable[str], as_of: datetime) -> None:
    """Note on the staged rows that their activities have been read; stages known rows where needed."""
    stored.keep_ids("just_read", ids)
    columns = ", ".join(f"stored.{name}" for name in ISSUES.schema.names)
    stored.sql.execute(
        f"insert into staged_issues select {columns} from stored_issues as stored "
        "where issue_id in (from just_read) "
        "and issue_id not in (select issue_id from staged_issues)"
    )
    stored.sql.execute(
        "update staged_issues set activities_read_at = ? where issue_id in (from just_read)",
        [as_of],
    )


def changed_issues(stored: StoredState) -> pa.Table:
    """Return the staged issues that differ from the warehouse, or whose activities were just read."""
    return stored.changed(ISSUES, also=("activities_read_at",))


def changed_days(stored: StoredState) -> pa.Table:
    """Return the staged days of issues that differ, without zeros for days that have no row: most are quiet."""
    stored.keep("changed_days", stored.changed(ISSUE_DAILY_EVENTS))
    return stored.table(
        "select changed_days.* from changed_days left join stored_issue_daily_events as stored "
        "using (issue_id, date_on) where changed_days.event_count > 0 or stored.issue_id is not null",
        ISSUE_DAILY_EVENTS.schema,
    )


def counted_days(stored: StoredState) -> dict[tuple[str, str], date]:
    """Return (project id, source) -> the last day counted by that source, of the projects answered for here."""
    rows = stored.sql.execute("""
        select project_id, event_source, max(date_on)
        from stored_project_daily_events inner join own_projects using (project_id)
        group by project_id, event_source
    """).fetchall()
    return {(project_id, source): day for project_id, source, day in rows}


def stage_added_up_days(stored: StoredState, table: RawTable) -> None:
    """Stage `project_daily_events` as sums of what is known and staged of the issues' days."""
    stored.stage(table, [])
    stored.sql.execute("""
        insert into staged_project_daily_events
        with days as (
            select issue_id, date_on, organization_slug, event_count from staged_issue_daily_events
            union all
            select issue_id, date_on, organization_slug, event_count from stored_issue_daily_events
            where (issue_id, date_on) not in (select (issue_id, date_on) from staged_issue_daily_events)
        ),
        projects as (
            select issue_id, project_id, removed_reason from staged_issues
            union
            select issue_id, project_id, removed_reason from stored_issues
            where issue_id not in (select issue_id from staged_issues)
        )
        select project_id, date_on, any_value(organization_slug), sum(event_count), 'issues'
        from days inner join projects using (issue_id)
        where organization_slug in (select distinct organization_slug from staged_issues)
            -- The survivor's days hold those of what was merged into it.
            and removed_reason is distinct from 'merged'
        group by project_id, date_on
    """)
