"""How the projects and teams just listed differ from those in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

import pyarrow as pa

from pipelines.sentry.http.client import Row
from pipelines.sentry.read.directory import Organization
from pipelines.sentry.schema import (
    ORGANIZATIONS,
    PROJECT_SLUGS,
    PROJECT_TEAMS,
    PROJECTS,
    TEAMS,
    RawTable,
)
from pipelines.sentry.state.stored import Known, to_arrow


def changed_directory(
    known: Known, organization: Organization, as_of: datetime
) -> dict[str, pa.Table]:
    """Return the changed rows of this organization, its projects, their former slugs, its teams and links."""
    seen = {"observed_at": as_of}
    slug, projects = organization.slug, organization.projects.values()
    known.stage(ORGANIZATIONS, [to_arrow(ORGANIZATIONS, [organization.row | seen])])
    known.stage(PROJECTS, [to_arrow(PROJECTS, [row | seen for row in projects])])
    _bury(known, PROJECTS, organization.gone_projects, as_of)
    known.stage(TEAMS, [to_arrow(TEAMS, [row | seen for row in organization.teams.values()])])
    _bury(known, TEAMS, organization.gone_teams, as_of)
    slugs: list[Row] = [
        {
            "project_id": row["project_id"],
            "organization_slug": slug,
            "project_slug": row["project_slug"],
            "adopted_at": as_of,
        }
        for row in projects
    ]
    known.stage(PROJECT_SLUGS, [to_arrow(PROJECT_SLUGS, slugs)])
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
    known.stage(PROJECT_TEAMS, [to_arrow(PROJECT_TEAMS, links)])
    _bury_links(known, slug, as_of)
    return {
        ORGANIZATIONS.name: known.changed(ORGANIZATIONS),
        PROJECTS.name: known.changed(PROJECTS),
        PROJECT_SLUGS.name: _adopted_slugs(known),
        TEAMS.name: known.changed(TEAMS),
        PROJECT_TEAMS.name: known.changed(PROJECT_TEAMS),
    }


def choose_projects(known: Known, slug: str, home: Mapping[str, str]) -> None:
    """Make the known projects that this organization answers for readable as `my_projects`.

    `home` tells the organization of every project listed now. Those listed here, wherever they were before, and those
    that were last here and are listed nowhere: gone. An issue follows its project, so a project that moved here
    brings its issues into this sync.
    """
    mine = [
        str(project_id)
        for project_id, last in known.rows(
            "select project_id, organization_slug from known_projects"
        )
        if home.get(str(project_id), last) == slug
    ]
    is_gone = pa.array([project_id not in home for project_id in mine], pa.bool_())
    known.keep(
        "my_projects", pa.table({"project_id": pa.array(mine, pa.string()), "is_gone": is_gone})
    )


def new_projects(known: Known, slug: str, readable: Set[str]) -> set[str]:
    """Return those of the readable projects that the last sync did not read, or read in another organization."""
    former = known.rows(
        "select project_id from known_projects "
        "where organization_slug = ? and has_access and deleted_at is null",
        slug,
    )
    return set(readable) - {str(project_id) for (project_id,) in former}


def _adopted_slugs(known: Known) -> pa.Table:
    """Return the staged `project_slugs` that a project did not have at the last sync (perhaps earlier)."""
    return known.table(
        "select staged.* from staged_project_slugs as staged left join known_projects as known "
        "using (project_id) where known.project_id is null "
        "or known.project_slug is distinct from staged.project_slug "
        "or known.organization_slug is distinct from staged.organization_slug",
        PROJECT_SLUGS.schema,
    )


def _bury(known: Known, table: RawTable, ids: Set[str], as_of: datetime) -> None:
    """Stage the known rows of these ids (first key column) as deleted."""
    known.keep_ids("gone", ids)
    columns = ", ".join(
        "cast(? as timestamp)" if name == "deleted_at" else name for name in table.schema.names
    )
    known.sql.execute(
        f"insert into staged_{table.name} select {columns} from known_{table.name} "
        f"where {table.key[0]} in (from gone) "
        f"and {table.key[0]} not in (select {table.key[0]} from staged_{table.name})",
        [as_of],
    )


def _bury_links(known: Known, slug: str, as_of: datetime) -> None:
    """Stage the known links of this organization that were not read again as removed."""
    columns = ", ".join(
        "cast(? as timestamp)" if name == "removed_at" else name
        for name in PROJECT_TEAMS.schema.names
    )
    known.sql.execute(
        f"insert into staged_project_teams select {columns} from known_project_teams "
        "where removed_at is null and organization_slug = ? and (project_id, team_id) "
        "not in (select (project_id, team_id) from staged_project_teams)",
        [as_of, slug],
    )
