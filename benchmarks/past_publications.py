"""What the published file held at an earlier time, worked out from the history that it holds itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.warehouse.attach import attach

# As of a time: the issues known then, with the status that their history gives them. Level and priority are today's.
VIEWS = """
create view marts.publication as
select getvariable('as_of')::timestamp as as_of, getvariable('as_of')::varchar as run_id;

create view marts.organization_freshness as
select * replace ('complete' as status, getvariable('as_of')::timestamp as synced_at)
from last.marts.organization_freshness;

create view marts.fct_issues as
with past as (
    select
        issue_id,
        arg_max(to_status, changed_at) as status,
        max(changed_at) filter (to_status = 'unresolved') as reopened_at,
        max(changed_at) filter (to_status = 'resolved') as resolved_at
    from last.marts.fct_issue_status_changes
    where changed_at <= getvariable('as_of')
    group by issue_id
)
select issues.* replace (
    coalesce(past.status, 'unresolved') as status,
    greatest(issues.first_seen_at, past.reopened_at) as opened_at,
    past.resolved_at as resolved_at
)
from last.marts.fct_issues as issues
left join past on issues.issue_id = past.issue_id
where issues.first_seen_at <= getvariable('as_of') and issues.status not in ('deleted', 'merged');
"""
DIFFERENT = """
select count(*)
from marts.fct_issues as past
inner join last.marts.fct_issues as issues on past.issue_id = issues.issue_id
where (past.status, past.opened_at) is distinct from (issues.status, issues.opened_at)
"""


class PastPublications:
    """The file at `path` as of earlier times. `teams`: who owns something; `last_as_of`: the file's own time."""

    def __init__(self, path: Path) -> None:
        self._db = duckdb.connect()
        attach(self._db, path, "last", "read_only")
        self._db.execute("create schema marts")
        tables = self._db.execute(
            "select table_name from duckdb_tables() where database_name = 'last' and schema_name = 'marts' "
            "union all select view_name from duckdb_views() where database_name = 'last' and schema_name = 'marts'"
        ).fetchall()
        for (name,) in tables:
            if f"marts.{name} " not in VIEWS.replace("last.marts", ""):
                self._db.execute(f"create view marts.{name} as from last.marts.{name}")
        self._db.execute(VIEWS)
        [(self.last_as_of,)] = self._db.execute(
            "select as_of from last.marts.publication"
        ).fetchall()
        self.teams = [
            row[0]
            for row in self._db.execute(
                "select distinct coalesce(owner_team, '(unowned)') from marts.dim_products "
                "union select '(unassigned)' order by 1"
            ).fetchall()
        ]
        [(different,)] = self.at(self.last_as_of).execute(DIFFERENT).fetchall()
        assert different == 0, f"{different} issues are not what their history says"

    def at(self, as_of: datetime) -> duckdb.DuckDBPyConnection:
        """Return the file as it was at a time, until it is asked for another."""
        self._db.execute(f"set variable as_of = timestamp '{as_of.isoformat()}'")
        return self._db
