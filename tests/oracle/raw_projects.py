"""What the syncs write down about a project."""

from __future__ import annotations

from collections.abc import Iterator

from .ground_truth import DAY, Project, Run, Team
from .random_usage import usage_rows
from .raw_world import Row


def project_rows(project: Project, runs: tuple[Run, ...]) -> Iterator[tuple[str, Row]]:
    """(table, row) of the project, its slugs and its daily events after these runs."""
    row: Row | None = None
    slugs: dict[tuple[str, str], Row] = {}
    events: dict[str, Row] = {}
    current: tuple[str, str] | None = None
    for run in runs:
        organization, slug = project.organization(run.index), project.slug(run.index)
        if organization in run.failed:
            continue
        if project.is_deleted(run.index):
            if row and not row["deleted_at"]:
                row = row | {"deleted_at": run.started[organization]}
            continue
        row = {
            "project_id": project.project_id,
            "organization_slug": organization,
            "project_slug": slug,
            "project_name": slug.title(),
            "platform": "python" if int(project.project_id) % 3 else None,
            "created_at": runs[0].started[organization] - int(project.project_id) * DAY / 5,
            "has_access": not project.is_hidden(run.index),
            "deleted_at": None,
        }
        if (organization, slug) != current:
            current = (organization, slug)
            slugs[current] = {
                "project_id": project.project_id,
                "organization_slug": organization,
                "project_slug": slug,
                "adopted_at": run.started[organization],
            }
        for day, count in project.events.items():
            # One day more than the clock says: a sync that runs over midnight reads it.
            if day <= run.started[organization].date() + DAY:
                events[str(day)] = {
                    "project_id": project.project_id,
                    "date_on": day,
                    "organization_slug": organization,
                    "event_count": count,
                    "event_source": "stats_v2",
                }
    if row:
        yield "projects", row
    yield from (("project_slugs", each) for each in slugs.values())
    yield from (("project_daily_events", each) for each in events.values())
    yield from usage_rows(project, runs)


def team_rows(team: Team, runs: tuple[Run, ...]) -> Iterator[tuple[str, Row]]:
    """(table, row) of the team and its links with projects after these runs."""
    row: Row | None = None
    links: dict[str, Row] = {}
    for run in runs:
        if team.organization in run.failed:
            continue
        started = run.started[team.organization]
        if team.deleted_in is not None and team.deleted_in <= run.index:
            if row and not row["deleted_at"]:
                row = row | {"deleted_at": started}
            continue
        row = {
            "team_id": team.team_id,
            "organization_slug": team.organization,
            "team_slug": team.slug,
            "team_name": team.slug.title(),
            "member_count": 3,
            "created_at": None,
            "deleted_at": None,
        }
        for project, removed_in in team.projects:
            taken = removed_in is not None and removed_in <= run.index
            is_linked = not taken and project.organization(run.index) == team.organization
            link = links.get(project.project_id)
            if is_linked or link:
                links[project.project_id] = {
                    "project_id": project.project_id,
                    "team_id": team.team_id,
                    "organization_slug": team.organization,
                    "removed_at": None if is_linked else (link and link["removed_at"]) or started,
                }
    if row:
        yield "teams", row
    yield from (("project_teams", each) for each in links.values())
