"""The issue rules of the last build of the models, and which of them routed nothing."""

from __future__ import annotations

import duckdb

RuleRow = tuple[str | None, str, str, str]
"""Organization, project, field and pattern, as written."""


def routed_by_rule(connection: duckdb.DuckDBPyConnection) -> dict[RuleRow, int]:
    """Return how many issues each rule of the last build routed; none before the first."""
    try:
        rows = connection.execute(
            "select organization_slug, project_pattern, field, pattern, routed_issues from marts.issue_rules"
        ).fetchall()
    except duckdb.CatalogException:
        return {}
    return {
        (organization, project, field, pattern): n
        for organization, project, field, pattern, n in rows
    }


def unrouted_rules(connection: duckdb.DuckDBPyConnection) -> set[RuleRow]:
    """Return the rules of the last build that routed no issue; none before the first."""
    return {rule for rule, issues in routed_by_rule(connection).items() if not issues}
