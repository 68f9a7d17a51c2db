"""The projects of Sentry in the raw tables."""

from __future__ import annotations

import duckdb

ProjectRow = tuple[str, str, list[str] | None, bool]
"""Organization, slug, former slugs in the same organization (newest first), whether it is deleted."""


def synced_project_ids(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Return (organization, slug) -> id of the projects of the last sync that are not deleted."""
    if not _is_synced(warehouse):
        return {}
    rows = warehouse.execute(
        "select organization_slug, project_slug, project_id from raw_sentry.projects "
        "where deleted_at is null"
    ).fetchall()
    return {(organization, slug): project_id for organization, slug, project_id in rows}


def _is_synced(warehouse: duckdb.DuckDBPyConnection) -> bool:
    tables = warehouse.execute(
        "select table_name from duckdb_tables() "
        "where schema_name = 'raw_sentry' and database_name = current_database()"
    ).fetchall()
    return {("projects",), ("project_slugs",)} <= set(tables)


def synced_projects(warehouse: duckdb.DuckDBPyConnection) -> list[ProjectRow]:
    """Return one row per project of the last sync, in order; none before the first sync."""
    if not _is_synced(warehouse):
        return []
    return warehouse.execute(
        """
        select
            project.organization_slug,
            project.project_slug,
            list(slug.project_slug order by slug.adopted_at desc, slug.project_slug)
                filter (slug.project_slug <> project.project_slug),
            project.deleted_at is not null
        from raw_sentry.projects as project
        left join raw_sentry.project_slugs as slug using (project_id, organization_slug)
        group by project.project_id, 1, 2, 4
        order by all
        """
    ).fetchall()
