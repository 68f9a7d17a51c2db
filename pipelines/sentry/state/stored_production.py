"""What the warehouse holds of production, where that has become something else."""

from __future__ import annotations

from pipelines.sentry.schema import ISSUES
from pipelines.sentry.state.stored import StoredState


def forget_production(stored: StoredState, slug: str) -> None:
    """Let what is stored of production and was not read again be unknown: it is of other environments than those now.

    Needs `changed_issues` complete: what was read of an issue is in there, or equal.
    """
    names = ", ".join(ISSUES.schema.names)
    stored.sql.execute(
        f"insert into changed_issues select {names} from ("
        "select stored.* replace (null as is_in_production) from stored_issues as stored "
        "anti join changed_issues using (issue_id) anti join staged_issues using (issue_id) "
        "where is_in_production is not null and organization_slug = ?)",
        [slug],
    )
    stored.sql.execute(
        "insert into staged_project_daily_production_events "
        "select * replace (null as event_count) from stored_project_daily_production_events "
        "where event_count is not null and organization_slug = ?",
        [slug],
    )
