"""The issue rules that routed nothing when the models were last built."""

from __future__ import annotations

import duckdb

RuleRow = tuple[str | None, str, str, str]
"""Organization, project, field and pattern, as written."""


def unrouted_rules(connection: duckdb.DuckDBPyConnection) -> set[RuleRow]:
    """Return the rules of the current catalog's last build that routed no issue; none before the first."""
    try:
        rows = connection.execute(
            "select organization_slug, project_pattern, field, pattern from marts.issue_rules "
            "where routed_issues = 0"
        ).fetchall()
    except duckdb.CatalogException:
        return set()
    return set(rows)
