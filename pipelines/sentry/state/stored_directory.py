"""How the projects and teams just listed differ from those in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

import pyarrow as pa

from pipelines.sentry.http.client import Row
from pipelines.sentry.organization import Organization
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import (
    ORGANIZATIONS,
    PROJECT_SLUGS,
    PROJECT_TEAMS,
    PROJECTS,
    TEAMS,
    RawTable,
)
from pipelines.sentry.state.stored import StoredState


def stage_directory(stored: StoredState, organization: Organization, as_of: datetime) -> None:
    """Stage this organization, its projects, their former slugs, its teams and links."""
    seen = {"observed_at": as_of}
    slug, projects = organization.slug, organization.projects.values()
    stored.stage(ORGANIZATIONS, to_arrow(ORGANIZATIONS, [organization.row | seen]))
    stored.stage(PROJECTS, to_arrow(PROJECTS, [row | seen for row in projects]))
    _date_lost_access(stored, as_of)
    _mark_deleted(stored, PROJECTS, organization.gone_projects, as_of)
    stored.stage(TEAMS, to_arrow(TEAMS, [row | seen for row in organization.teams.values()]))
    _mark_deleted(stored, TEAMS, organization.gone_teams, as_of)
    slugs: list[Row] = [
        {
            "project_id": row["project_id"],
            "organization_slug": slug,
            "project_slug": row["project_slug"],
            "adopted_at": as_of,
        }
        for row in projects
    ]
    stored.stage(PROJECT_SLUGS, to_arrow(PROJECT_SLUGS, slugs))
    # Those that a project did not have at the last sync (perhaps earlier).
    stored.set_changed(
        PROJECT_SLUGS,
        "select staged.* from staged_project_slugs as staged left join stored_projects as stored "
        "using (project_id) where stored.project_id is null "
        "or stored.project_slug is distinct from staged.project_slug "
        "or stored.organization_slug is distinct from staged.organization_slug",
    )
    links: list[Row] = [
        {
            "project_id": project_id,
            "team_id": team_id,
            "organization_slug": slug,
            "removed_at": None,
            **seen,
        }
        for project_id, team_id in sorted(organization.project_teams)
    ]
    stored.stage(PROJECT_TEAMS, to_arrow(PROJECT_TEAMS, links))
    _mark_links_removed(stored, slug, as_of)


def set_own_projects(stored: StoredState, slug: str, home: Mapping[str, str]) -> None:
    """Make the stored projects that this organization answers for readable as `own_projects`.

    `home` holds the organization of every project listed now. Those listed here, wherever they were before, and those
    that were last here and are listed nowhere: gone. An issue follows its project, so a project that moved here
    brings its issues into this sync.
    """
    mine = [
        str(project_id)
        for project_id, last in stored.rows(
            "select project_id, organization_slug from stored_projects"
        )
        if home.get(str(project_id), last) == slug
    ]
    is_gone = pa.array([project_id not in home for project_id in mine], pa.bool_())
    stored.keep(
        "own_projects", pa.table({"project_id": pa.array(mine, pa.string()), "is_gone": is_gone})
    )


def read_before(stored: StoredState, slug: str) -> set[str]:
    """Return the projects that the last sync could read in this organization."""
    former = stored.rows(
        "select project_id from stored_projects "
        "where organization_slug = ? and has_access and deleted_at is null",
        slug,
    )
    return {str(project_id) for (project_id,) in former}


def _date_lost_access(stored: StoredState, as_of: datetime) -> None:
    """Note on the staged projects that cannot be read since when that is so."""
    stored.sql.execute(
        "update staged_projects "
        "set access_lost_at = case when stored.has_access then ? else stored.access_lost_at end "
        "from stored_projects as stored "
        "where stored.project_id = staged_projects.project_id and not staged_projects.has_access",
        [as_of],
    )


def _mark_deleted(stored: StoredState, table: RawTable, ids: Set[str], as_of: datetime) -> None:
    """Stage the stored rows of these ids (first key column) as deleted."""
    stored.keep_ids("gone", ids)
    columns = ", ".join(
        "cast(? as timestamp)" if name == "deleted_at" else name for name in table.schema.names
    )
    stored.sql.execute(
        f"insert into staged_{table.name} select {columns} from stored_{table.name} "
        f"where {table.key[0]} in (from gone) "
        f"and {table.key[0]} not in (select {table.key[0]} from staged_{table.name})",
        [as_of],
    )


def _mark_links_removed(stored: StoredState, slug: str, as_of: datetime) -> None:
    """Stage the stored links of this organization that were not read again as removed."""
    columns = ", ".join(
        "cast(? as timestamp)" if name == "removed_at" else name
        for name in PROJECT_TEAMS.schema.names
    )
    stored.sql.execute(
        f"insert into staged_project_teams select {columns} from stored_project_teams "
        "where removed_at is null and organization_slug = ? and (project_id, team_id) "
        "not in (select (project_id, team_id) from staged_project_teams)",
        [as_of, slug],
    )
