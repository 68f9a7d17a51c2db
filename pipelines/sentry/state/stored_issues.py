"""How the issues just read differ from those in the warehouse, and what has to be asked because of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Set
from datetime import date, datetime, timedelta

import pyarrow as pa

from pipelines.sentry.plan import IssueToRead, Mode, OrganizationState, Reason
from pipelines.sentry.schema import (
    ISSUE_DAILY_EVENTS,
    ISSUE_STATUS_OBSERVATIONS,
    ISSUES,
    TIMESTAMP,
)
from pipelines.sentry.state.stored import StoredState, differs

# Sentry's word, or why an issue is gone. What the words mean to those who count, the dbt models say.
_STATUS = "coalesce({0}.removed_reason, {0}.status)"

# A closed issue is not asked for; it stays what it last was.
_IN_PRODUCTION = """
    case
        when issue_id in (select issue_id from in_production) then true
        when staged.status = 'unresolved' and staged.removed_reason is null then false
        else {}
    end
"""

_EXPLAINED_WITHIN = timedelta(days=2)


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
    stored: StoredState, slug: str, mode: Mode, as_of: datetime, skipped: Set[str]
) -> Iterator[IssueToRead]:
    """Yield the stored issues that a sync answers for and has not listed, but those of skipped projects.

    To account for - full: all that are alive. Incremental: those that were open. Always: those whose project has
    come from another organization or was gone or out of reach, and those of which is not known yet into which they
    were merged.
    To look at again - full: those called deleted within the last week, in case that was a mistake.
    And those `uncounted`: listed, but not with their totals.
    """
    stored.flush()
    stored.keep_ids("skipped", skipped)
    yield from itertools.starmap(
        IssueToRead,
        stored.stream(
            """
            select issue_id, project_id, coalesce(removed_reason = 'deleted', false)
            from stored_issues inner join own_projects using (project_id)
                anti join staged_issues using (issue_id)
            where not is_gone and project_id not in (from skipped) and (
                (
                    removed_reason is null
                    and (
                        $1 or status = 'unresolved' or organization_slug != $2
                        or project_id in (select project_id from stored_projects where not has_access)
                    )
                )
                or removed_reason in ('project_gone', 'access_lost')
                or (removed_reason = 'merged' and merged_into_issue_id is null)
                or ($1 and removed_reason = 'deleted' and removed_at >= $3::timestamp - interval 7 days)
            )
            union all
            select issue_id, any_value(project_id), false from uncounted group by issue_id
            order by project_id
            """,
            mode == "full",
            slug,
            as_of,
        ),
    )


def complete_issues(
    stored: StoredState,
    tombstones: pa.Table,
    as_of: datetime,
    *,
    production_read: bool = False,
    production_kept: bool = True,
) -> None:
    """Make `changed_issues` of what was read: with what Sentry forgot, and the rows of issues that are gone.

    `tombstones`: issue_id, removed_reason, merged_into_issue_id; the live issues of projects that are gone get theirs
    here. `production_read`: `in_production` holds the open issues with events there. `production_kept`: what is stored
    of that is of the same environments. Events older than the server's retention leave last_seen_at and
    user_count empty in its answer; the last known value stays.
    """
    stored.settle(ISSUES, ISSUE_DAILY_EVENTS)
    completed = {
        name: f"coalesce(staged.{name}, stored.{name})"
        for name in ("last_seen_at", "user_count", "first_seen_at", "owners")
    }
    completed |= {name: f"stored.{name}" for name in ("first_release", "first_release_read_at")}
    known = "stored.is_in_production" if production_kept else "cast(null as boolean)"
    completed["is_in_production"] = _IN_PRODUCTION.format(known) if production_read else known
    # It went when a sync first saw so.
    completed["removed_at"] = """
        case when staged.removed_reason = stored.removed_reason then stored.removed_at else staged.removed_at end
    """
    # What an issue became is to be explained anew.
    completed["activities_read_at"] = """
        case
            when staged.status = stored.status and (
                staged.substatus is distinct from 'regressed'
                or stored.substatus is not distinct from 'regressed'
            ) then stored.activities_read_at
        end
    """
    replaced = ", ".join(f"{expression} as {name}" for name, expression in completed.items())
    stored.sql.execute("drop view changed_issues")
    stored.sql.execute(
        f"create table changed_issues as select staged.* replace ({replaced}) from staged_issues as staged "
        f"left join stored_issues as stored using (issue_id) where {differs(ISSUES, completed)}"
    )
    stored.keep("tombstones", tombstones)
    stored.sql.execute("""
        insert into tombstones
        select issue_id, 'project_gone', null
        from stored_issues inner join own_projects using (project_id)
        where removed_reason is null and is_gone
    """)
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
        f"insert into changed_issues select {columns} from stored_issues as stored "
        "inner join tombstones using (issue_id) anti join staged_issues using (issue_id)",
        [as_of, as_of],
    )
    # An issue merged earlier into one that has now been merged itself follows to the last survivor.
    followed = ", ".join(
        f"{'survivors' if name == 'merged_into_issue_id' else 'stored'}.{name}"
        for name in ISSUES.schema.names
    )
    stored.sql.execute(
        f"insert into changed_issues select {followed} from stored_issues as stored "
        "inner join tombstones as survivors on survivors.issue_id = stored.merged_into_issue_id "
        "anti join staged_issues on staged_issues.issue_id = stored.issue_id "
        "anti join tombstones on tombstones.issue_id = stored.issue_id "
        "where survivors.merged_into_issue_id is not null"
    )


def observe_status_changes(
    stored: StoredState, slug: str, state: OrganizationState, as_of: datetime
) -> list[str]:
    """Let `changed_issue_status_observations` be the changes of known issues; returns ids of those still there.

    Among them issues that are newly marked as regressed, though they were open before: resolved in between.
    """
    before, now = _STATUS.format("stored"), _STATUS.format("changed")
    stored.keep(
        "watermarks",
        pa.table(
            {"as_of": [as_of], "last": [state.watermark], "last_full": [state.full_sync_at]},
            schema=pa.schema([(n, TIMESTAMP) for n in ("as_of", "last", "last_full")]),
        ),
    )
    # An open issue was seen open by the last sync, a closed one closed by the last full one at least.
    stored.sql.execute(
        f"""
        create table status_changes as
        select
            changed.issue_id,
            as_of as observed_at,
            $slug as organization_slug,
            greatest(if({before} = 'unresolved', last, last_full), stored.observed_at) as previous_observed_at,
            {before} as from_status,
            {now} as to_status,
            changed.removed_reason is null as is_there
        from changed_issues as changed inner join stored_issues as stored using (issue_id), watermarks
        where {before} is distinct from {now}
            or (changed.substatus = 'regressed' and stored.substatus is distinct from 'regressed')
    """,
        {"slug": slug},
    )
    stored.set_changed(
        ISSUE_STATUS_OBSERVATIONS,
        "from status_changes where from_status is distinct from to_status",
    )
    return [
        str(issue_id)
        for (issue_id,) in stored.rows("select issue_id from status_changes where is_there")
    ]


def count_changes(stored: StoredState) -> tuple[int, int, int]:
    """Return how many issues are new, changed, gone."""
    [(new, known, gone)] = stored.sql.execute("""
        select
            count(*) filter (stored.issue_id is null),
            count(stored.issue_id),
            count(*) filter (
                stored.issue_id is not null
                and stored.removed_reason is null
                and changed.removed_reason is not null
            )
        from changed_issues as changed left join stored_issues as stored using (issue_id)
    """).fetchall()
    return new, known - gone, gone


def without_activities(stored: StoredState, slug: str, limit: int) -> list[str]:
    """Return ids of issues that may have a history that was never read: resolved ones first, newest first.

    Open ones too: they may have been reopened, and Sentry drops its mark `regressed` after a week.
    """
    rows = stored.sql.execute(
        """
        with issues as (
            select issue_id, status, substatus, removed_reason, activities_read_at, last_seen_at
            from changed_issues
            union all
            select issue_id, status, substatus, removed_reason, activities_read_at, last_seen_at
            from stored_issues anti join changed_issues using (issue_id)
            where organization_slug = ? and project_id not in (from hidden)
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
    """Note on the changed rows that their activities have been read; known rows become changed ones by it."""
    stored.keep_ids("just_read", ids)
    make_changed(stored, "just_read")
    stored.sql.execute(
        "update changed_issues set activities_read_at = ? where issue_id in (from just_read)",
        [as_of],
    )


def make_changed(stored: StoredState, ids: str) -> None:
    """Make the stored rows of the ids in a table changed ones, to write on."""
    columns = ", ".join(f"stored.{name}" for name in ISSUES.schema.names)
    stored.sql.execute(
        f"insert into changed_issues select {columns} from stored_issues as stored "
        f"anti join changed_issues using (issue_id) where issue_id in (select id from {ids})"
    )


def open_changed_issues(stored: StoredState) -> Iterator[tuple[str, str]]:
    """Yield (issue id, project id) of the changed issues that are open."""
    return stored.stream(
        "select issue_id, project_id from changed_issues "
        "where status = 'unresolved' and removed_reason is null"
    )


def set_changed_days(stored: StoredState) -> None:
    """Leave zeros out of `changed_issue_daily_events` for days that have no row: most are quiet."""
    stored.set_changed(
        ISSUE_DAILY_EVENTS,
        "select staged.* from staged_issue_daily_events as staged "
        "left join stored_issue_daily_events as stored using (issue_id, date_on) "
        "where case when stored.issue_id is null then staged.event_count > 0 "
        f"else {differs(ISSUE_DAILY_EVENTS)} end",
    )


def counted_days(stored: StoredState) -> dict[tuple[str, str], date]:
    """Return (project id, source) -> the last day counted by that source, of the projects answered for here."""
    rows = stored.sql.execute("""
        select project_id, event_source, max(date_on)
        from stored_project_daily_events inner join own_projects using (project_id)
        group by project_id, event_source
    """).fetchall()
    return {(project_id, source): day for project_id, source, day in rows}


def stage_added_up_days(stored: StoredState) -> None:
    """Stage `project_daily_events` as sums of what is known and staged of the issues' days."""
    stored.sql.execute("""
        insert into staged_project_daily_events
        with days as (
            select issue_id, date_on, organization_slug, event_count from staged_issue_daily_events
            union all
            select issue_id, date_on, organization_slug, event_count
            from stored_issue_daily_events
                anti join staged_issue_daily_events using (issue_id, date_on)
        ),
        projects as (
            select issue_id, project_id, removed_reason from changed_issues
            union all
            select issue_id, project_id, removed_reason
            from stored_issues anti join changed_issues using (issue_id)
        )
        select project_id, date_on, any_value(organization_slug), sum(event_count), 'issues'
        from days inner join projects using (issue_id)
        where organization_slug in (select distinct organization_slug from staged_issues)
            -- The survivor's days hold those of what was merged into it.
            and removed_reason is distinct from 'merged'
        group by project_id, date_on
    """)
