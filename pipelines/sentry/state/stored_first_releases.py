"""Of which issues the first release was never read, and what is read of it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from pipelines.sentry.state.stored import StoredState
from pipelines.sentry.state.stored_issues import make_changed

FIRST_RELEASES = pa.schema([("id", pa.string()), ("version", pa.string())])


def set_unasked(stored: StoredState, slug: str) -> None:
    """Make the table `unasked` of the issues whose first release was never read, and `first_releases`, empty."""
    stored.keep("first_releases", FIRST_RELEASES.empty_table())
    columns = (
        "issue_id, project_id, first_seen_at, event_count, first_release_read_at, removed_reason"
    )
    stored.sql.execute(
        f"""
        create or replace table unasked as
        with issues as (
            select {columns} from changed_issues
            union all
            select {columns} from stored_issues anti join changed_issues using (issue_id)
            where organization_slug = ?
        )
        select issue_id, project_id, first_seen_at, event_count from issues
        where first_release_read_at is null and removed_reason is null
            and project_id not in (from hidden)
            and project_id in (select project_id from staged_projects where has_access)
        """,
        [slug],
    )


def seen_since(
    stored: StoredState, since: datetime, *, by_project: bool
) -> Iterator[tuple[str, str, int | None]]:
    """Yield (issue id, project id, events) of those unasked that were first seen since then, newest first."""
    order = "project_id, " if by_project else ""
    return stored.stream(
        "select issue_id, project_id, event_count from unasked where first_seen_at >= ? "
        f"order by {order}first_seen_at desc, issue_id",
        since,
    )


def still_unasked(stored: StoredState, limit: int) -> list[str]:
    """Return ids of those unasked that were not read meanwhile, newest first."""
    stored.flush()
    rows = stored.rows(
        "select issue_id from unasked where issue_id not in (select id from first_releases) "
        "order by first_seen_at desc nulls last, issue_id limit ?",
        limit,
    )
    return [str(issue_id) for (issue_id,) in rows]


def add(stored: StoredState, releases: Mapping[str, str | None]) -> None:
    """Put the first releases of issues, None where there is none, into `first_releases`."""
    found = {"id": list(releases), "version": list(releases.values())}
    stored.add("first_releases", pa.table(found, schema=FIRST_RELEASES))


def mark_read(stored: StoredState, as_of: datetime) -> None:
    """Note `first_releases` on the rows of their issues; known rows become changed ones by it."""
    stored.flush()
    make_changed(stored, "first_releases")
    stored.sql.execute(
        "update changed_issues set first_release = version, first_release_read_at = ? "
        "from first_releases where id = issue_id",
        [as_of],
    )
