"""What the syncs write down about a project."""

from __future__ import annotations

from collections.abc import Iterator

from .truth import DAY, Project, Run
from .world import Row


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
            "created_at": runs[0].started[organization] - 200 * DAY,
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
