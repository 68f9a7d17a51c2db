"""Which issue rules are newer than what is published, and fit none of its issues."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from pipelines.catalog import IssueRule
from pipelines.catalog.values import like_pattern
from pipelines.warehouse.unrouted_rules import routed_by_rule

# Where an issue holds what a rule looks at; a file of an earlier version lacks some.
_COLUMNS = {
    "title": "title",
    "culprit": "culprit",
    "filename": "filename",
    "function": "function_name",
    "type": "error_type",
    "logger": "logger",
    "platform": "platform",
    "category": "issue_category",
    "assignee": "assignee",
    "owner": "owners",
}
_FITS = "lower({}) like $pattern escape '!'"
_ANY_FITS = f"exists (select 1 from unnest({{}}) as named (one) where {_FITS.format('one')})"
# Null where the rule is of no project.
_ANY_ISSUE = """
with scope as (
    select project_id
    from marts.dim_projects
    where
        ($organization is null or lower(organization_slug) = $organization)
        and (
            lower(project_slug) like $project escape '!'
            or exists (
                select 1 from unnest(former_slugs) as former (slug)
                where lower(slug) like $project escape '!'
            )
        )
)
select case when exists (from scope) then exists (
    select 1
    from marts.fct_issues
    where project_id in (from scope) and status not in ('deleted', 'merged') and {fits}
) end
"""


def fits_nothing(published: duckdb.DuckDBPyConnection) -> Callable[[IssueRule], bool]:
    """Return what says of a rule whether it is newer than the file, and no issue there fits it.

    False where the file cannot tell.
    """
    columns = {
        name
        for (name,) in published.execute(
            "select column_name from duckdb_columns() "
            "where database_name = current_database() and table_name = 'fct_issues'"
        ).fetchall()
    }
    built = set(routed_by_rule(published))

    def of(rule: IssueRule) -> bool:
        column = _COLUMNS[rule.field]
        key = (rule.organization, rule.project, rule.field, rule.pattern)
        if column not in columns or key in built:
            return False
        asked = {
            "organization": rule.organization,
            "project": like_pattern(rule.project),
            "pattern": like_pattern(rule.pattern.lower()),
        }
        fits = (_ANY_FITS if rule.field == "owner" else _FITS).format(column)
        return published.execute(_ANY_ISSUE.format(fits=fits), asked).fetchone() == (False,)

    return of
