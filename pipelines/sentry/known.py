"""What the warehouse already knows, and how what was just read differs from it.

Opens the warehouse read-only beside an in-memory database, where the rows of this sync are staged. Everything that
compares many rows is SQL here, so that memory follows the size of a page and not of the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.plan import Mode, OrganizationState, Reason
from pipelines.sentry.schema import (
    ISSUE_DAILY_EVENTS,
    ISSUES,
    PROJECT_SLUGS,
    PROJECT_TEAMS,
    RAW_TABLES,
    RawTable,
)

DATASET = "raw_sentry"
# How status is told in observations: Sentry's word, or what became of an issue that is gone.
_EFFECTIVE_STATUS = """
    case when {0}.removed_reason = 'merged' then 'merged'
         when {0}.removed_reason is not null then 'deleted'
         else {0}.status end"""
# Columns that say when and how we looked, not what Sentry said.
_OURS = {"observed_at", "activities_read_at", "adopted_at"}


@dataclass(frozen=True)
class StatusChange:
    """A staged issue whose status is not what the warehouse has (before None: it had no such issue).

    Also an issue that is newly marked as regressed, though it was open before: it was resolved in between.
    """

    issue_id: str
    before: str | None
    now: str
    observed_at: datetime | None

    @property
    def is_alive(self) -> bool:
        """False when the issue has been deleted or merged."""
        return self.now not in ("deleted", "merged")


class Known:
    """The warehouse before this sync, as views `known_<table>`, beside the rows staged by it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.sql = connection
        for table in RAW_TABLES:
            self._add_view(table)

    def _add_view(self, table: RawTable) -> None:
        found = self.sql.execute(
            "select column_name from duckdb_columns() "
            "where database_name = 'warehouse' and schema_name = ? and table_name = ?",
            [DATASET, table.name],
        ).fetchall()
        existing = {name for (name,) in found}
        self.sql.register("empty", table.schema.empty_table())
        if not existing:
            self.sql.execute(f"create table known_{table.name} as select * from empty")
        else:
            columns = ", ".join(
                name if name in existing else f"(select {name} from empty) as {name}"
                for name in table.schema.names
            )
            self.sql.execute(
                f"create view known_{table.name} as select {columns} "
                f"from warehouse.{DATASET}.{table.name}"
            )
        self.sql.unregister("empty")

    def states(self) -> dict[str, OrganizationState]:
        """Return per organization where its last complete sync and its last complete full sync stood."""
        rows = self.sql.execute(
            "select organization_slug, max(started_at), max(started_at) filter (mode = 'full') "
            "from known_organization_syncs where status = 'complete' group by 1"
        ).fetchall()
        return {slug: OrganizationState(watermark, swept) for slug, watermark, swept in rows}

    def choose_projects(self, slug: str, home: Mapping[str, str], gone: Set[str]) -> None:
        """Make the known projects that this organization answers for readable as `my_projects`.

        Those listed in it now, wherever they were before, and those that are gone and were last here. An issue
        follows its project, so a project that moved here brings its issues into this sync.
        """
        mine = [
            (str(project_id), project_id in gone)
            for project_id, last in self.rows(
                "select project_id, organization_slug from known_projects"
            )
            if home.get(str(project_id)) == slug or (project_id in gone and last == slug)
        ]
        ids = pa.table(
            {
                "project_id": pa.array([project_id for project_id, _ in mine], pa.string()),
                "is_gone": pa.array([is_gone for _, is_gone in mine], pa.bool_()),
            }
        )
        self.sql.register("incoming", ids)
        self.sql.execute("create or replace table my_projects as select * from incoming")
        self.sql.unregister("incoming")

    def issue_counts(self) -> dict[str, dict[Reason, int]]:
        """Return per project how many issues each kind of listing is expected to show."""
        rows = self.sql.execute(
            "select project_id, count(*), count(*) filter (status = 'unresolved') "
            "from known_issues where removed_reason is null group by 1"
        ).fetchall()
        # What is hot is not known beforehand; a twentieth of all issues is a generous guess.
        return {
            project_id: {"all": total, "open": opened, "hot": total // 20}
            for project_id, total, opened in rows
        }

    def unshown(self, slug: str, mode: Mode) -> dict[str, str]:
        """Return issue id -> project id of the known issues that a sync answers for and has to account for.

        Full: all that are alive. Incremental: those that were open. Always: those whose project has come from
        another organization, and those that were out of reach together with their project.
        """
        rows = self.sql.execute(
            """
            select issue_id, project_id from known_issues inner join my_projects using (project_id)
            where not is_gone and (
                (removed_reason is null and (? or status = 'unresolved' or organization_slug != ?))
                or removed_reason in ('project_gone', 'access_lost')
            )
            """,
            [mode == "full", slug],
        ).fetchall()
        return dict(rows)

    def tombstones_of_projects(self, hidden: Set[str], schema: pa.Schema) -> pa.Table:
        """Return tombstones of the live issues whose project is gone, or hidden from this token."""
        projects = pa.table({"project_id": pa.array(sorted(hidden), pa.string())})
        self.sql.register("hidden", projects)
        rows = self._table(
            """
            select issue_id, case when is_gone then 'project_gone' else 'access_lost' end as removed_reason,
                cast(null as varchar) as merged_into_issue_id
            from known_issues inner join my_projects using (project_id)
            where removed_reason is null and (is_gone or project_id in (from hidden))
            """,
            schema,
        )
        self.sql.unregister("hidden")
        return rows

    def stage(self, table: RawTable, batches: Sequence[pa.Table]) -> None:
        """Make rows of this sync readable as `staged_<table>`; a later row of the same key wins."""
        rows = pa.concat_tables(batches) if batches else table.schema.empty_table()
        self.sql.register("incoming", rows)
        keys = ", ".join(table.key)
        self.sql.execute(
            f"create or replace table staged_{table.name} as select * exclude (position) from "
            "(select *, row_number() over () as position from incoming) "
            f"qualify row_number() over (partition by {keys} order by position desc) = 1"
        )
        self.sql.unregister("incoming")

    def changed(self, table: RawTable, also: tuple[str, ...] = ()) -> pa.Table:
        """Return the staged rows that the warehouse does not hold like this, in the table's own columns.

        When and how we looked is no difference, except in the columns named by `also`.
        """
        keys = " and ".join(f"staged.{key} = known.{key}" for key in table.key)
        facts = [name for name in table.schema.names if name in also or name not in _OURS]
        differs = " or ".join(f"staged.{name} is distinct from known.{name}" for name in facts)
        return self._table(
            f"select staged.* from staged_{table.name} as staged "
            f"left join known_{table.name} as known on {keys} "
            f"where known.{table.key[0]} is null or {differs}",
            table.schema,
        )

    def _table(self, query: str, schema: pa.Schema) -> pa.Table:
        result: pa.Table = self.sql.sql(query).to_arrow_table()
        return result.cast(schema)

    def adopted_slugs(self) -> pa.Table:
        """Return the staged `project_slugs` that a project did not have at the last sync (perhaps earlier)."""
        return self._table(
            "select staged.* from staged_project_slugs as staged left join known_projects as known "
            "using (project_id) where known.project_id is null "
            "or known.project_slug is distinct from staged.project_slug "
            "or known.organization_slug is distinct from staged.organization_slug",
            PROJECT_SLUGS.schema,
        )

    def bury(self, table: RawTable, ids: Set[str], column: str, as_of: datetime) -> None:
        """Stage the known rows of these ids (first key column) with `column` set to `as_of`."""
        self.sql.register("gone", pa.table({"id": pa.array(sorted(ids), pa.string())}))
        columns = ", ".join(
            "cast(? as timestamp)" if name == column else name for name in table.schema.names
        )
        self.sql.execute(
            f"insert into staged_{table.name} select {columns} from known_{table.name} "
            f"where {table.key[0]} in (from gone) "
            f"and {table.key[0]} not in (select {table.key[0]} from staged_{table.name})",
            [as_of],
        )
        self.sql.unregister("gone")

    def bury_links(self, slugs: Set[str], as_of: datetime) -> None:
        """Stage the known links of these organizations that were not read again as removed."""
        columns = ", ".join(
            "cast(? as timestamp)" if name == "removed_at" else name
            for name in PROJECT_TEAMS.schema.names
        )
        self.sql.execute(
            f"insert into staged_project_teams select {columns} from known_project_teams "
            "where removed_at is null and list_contains(?, organization_slug) and (project_id, team_id) "
            "not in (select (project_id, team_id) from staged_project_teams)",
            [as_of, sorted(slugs)],
        )

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        return self.sql.execute(query, list(parameters)).fetchall()

    def register_ids(self, name: str, ids: Iterable[str]) -> None:
        """Make a list of issue ids readable as a table of one column, issue_id."""
        self.sql.register("incoming", pa.table({"issue_id": pa.array(list(ids), pa.string())}))
        self.sql.execute(f"create or replace table {name} as select * from incoming")
        self.sql.unregister("incoming")

    def settle_issues(self, tombstones: pa.Table, as_of: datetime) -> None:
        """Put `staged_issues` right: keep what Sentry forgot, add the rows of issues that are gone.

        `tombstones`: issue_id, removed_reason, merged_into_issue_id. Events older than the server's retention
        leave last_seen_at and user_count empty in its answer; the last known value stays.
        """
        self.sql.execute("""
            update staged_issues set
                last_seen_at = coalesce(staged_issues.last_seen_at, known.last_seen_at),
                user_count = coalesce(staged_issues.user_count, known.user_count),
                first_seen_at = coalesce(staged_issues.first_seen_at, known.first_seen_at),
                activities_read_at = known.activities_read_at
            from known_issues as known where known.issue_id = staged_issues.issue_id
        """)
        self.sql.register("tombstones", tombstones)
        columns = ", ".join(
            {
                "removed_reason": "tombstones.removed_reason",
                "removed_at": "cast(? as timestamp)",
                "merged_into_issue_id": "tombstones.merged_into_issue_id",
                "observed_at": "cast(? as timestamp)",
            }.get(name, f"known.{name}")
            for name in ISSUES.schema.names
        )
        self.sql.execute(
            f"insert into staged_issues select {columns} from known_issues as known "
            "inner join tombstones using (issue_id) "
            "where known.issue_id not in (select issue_id from staged_issues)",
            [as_of, as_of],
        )
        # An issue merged earlier into one that has now been merged itself follows to the last survivor.
        followed = ", ".join(
            f"{'tombstones' if name == 'merged_into_issue_id' else 'known'}.{name}"
            for name in ISSUES.schema.names
        )
        self.sql.execute(
            f"insert into staged_issues select {followed} from known_issues as known "
            "inner join tombstones on tombstones.issue_id = known.merged_into_issue_id "
            "where tombstones.merged_into_issue_id is not null "
            "and known.issue_id not in (select issue_id from staged_issues)"
        )
        self.sql.unregister("tombstones")

    def status_changes(self) -> list[StatusChange]:
        """Return the staged issues that are new, changed their status, or were reopened since."""
        before, now = _EFFECTIVE_STATUS.format("known"), _EFFECTIVE_STATUS.format("staged")
        rows = self.sql.execute(f"""
            select staged.issue_id, {before} as before, {now} as now, known.observed_at
            from staged_issues as staged left join known_issues as known using (issue_id)
            where known.issue_id is null or {before} is distinct from {now}
                or (staged.substatus = 'regressed' and known.substatus is distinct from 'regressed')
        """).fetchall()
        return [StatusChange(*row) for row in rows]

    def without_activities(self, slug: str, limit: int) -> list[str]:
        """Return ids of issues whose history was never read, resolved ones first, newest first."""
        rows = self.sql.execute(
            """
            with issues as (
                select issue_id, status, substatus, removed_reason, activities_read_at, last_seen_at
                from staged_issues
                union all
                select issue_id, status, substatus, removed_reason, activities_read_at, last_seen_at
                from known_issues where issue_id not in (select issue_id from staged_issues)
                    and organization_slug = ?
            )
            select issue_id from issues
            where activities_read_at is null and removed_reason is null
                and (status = 'resolved' or substatus = 'regressed')
            order by status = 'resolved' desc, last_seen_at desc nulls last, issue_id
            limit ?
            """,
            [slug, limit],
        ).fetchall()
        return [issue_id for (issue_id,) in rows]

    def mark_activities_read(self, ids: Iterable[str], as_of: datetime) -> None:
        """Note on the staged rows that their activities have been read; stages known rows where needed."""
        self.register_ids("just_read", ids)
        columns = ", ".join(f"known.{name}" for name in ISSUES.schema.names)
        self.sql.execute(
            f"insert into staged_issues select {columns} from known_issues as known "
            "where issue_id in (from just_read) "
            "and issue_id not in (select issue_id from staged_issues)"
        )
        self.sql.execute(
            "update staged_issues set activities_read_at = ? where issue_id in (from just_read)",
            [as_of],
        )

    def changed_issues(self) -> pa.Table:
        """Return the staged issues that differ from the warehouse, or whose activities were just read."""
        return self.changed(ISSUES, also=("activities_read_at",))

    def changed_days(self) -> pa.Table:
        """Return the staged days of issues that differ, without zeros for days that have no row: most are quiet."""
        self.sql.register("incoming", self.changed(ISSUE_DAILY_EVENTS))
        kept = self._table(
            "select incoming.* from incoming left join known_issue_daily_events as known "
            "using (issue_id, date_on) where incoming.event_count > 0 or known.issue_id is not null",
            ISSUE_DAILY_EVENTS.schema,
        )
        self.sql.unregister("incoming")
        return kept

    def stage_added_up_days(self, table: RawTable) -> None:
        """Stage `project_daily_events` as sums of what is known and staged of the issues' days."""
        self.stage(table, [])
        self.sql.execute("""
            insert into staged_project_daily_events
            with days as (
                select issue_id, date_on, organization_slug, event_count from staged_issue_daily_events
                union all
                select issue_id, date_on, organization_slug, event_count from known_issue_daily_events
                where (issue_id, date_on) not in (select (issue_id, date_on) from staged_issue_daily_events)
            ),
            projects as (
                select issue_id, project_id from staged_issues
                union
                select issue_id, project_id from known_issues
                where issue_id not in (select issue_id from staged_issues)
            )
            select project_id, date_on, any_value(organization_slug), sum(event_count), 'issues'
            from days inner join projects using (issue_id)
            where organization_slug in (select distinct organization_slug from staged_issues)
            group by project_id, date_on
        """)


@contextmanager
def open_known(warehouse: Path | None) -> Iterator[Known]:
    """Open the warehouse read-only for the time of the block; a missing file knows nothing."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        if warehouse is not None and warehouse.exists():
            path = str(warehouse).replace("'", "''")
            connection.execute(f"attach '{path}' as warehouse (read_only)")
        yield Known(connection)


def to_arrow(table: RawTable, rows: list[dict[str, object]]) -> pa.Table:
    """Return rows as an Arrow table of exactly the raw table's schema; ChangedTypeError if they do not fit."""
    try:
        return pa.Table.from_pylist(rows, schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ChangedTypeError(f"{table.name}: {error}") from None
