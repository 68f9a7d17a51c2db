"""Releases, sessions and numbers of events, made into rows of the raw tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date, datetime
from typing import Any

from pipelines.sentry.bounds import is_possible
from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.rows.typed import Fields, as_count, kind, understood
from pipelines.sentry.schema import (
    PROJECT_DAILY_PRODUCTION_EVENTS,
    PROJECT_DAILY_SESSIONS,
    RELEASES,
)

Row = dict[str, Any]


def release(body: Row, organization_slug: str, project_ids: Mapping[str, str]) -> list[Row]:
    """Return the rows of `releases` of one release, without observed_at: one for each of its projects that is known.

    `project_ids` by slug; old servers name a project by its slug alone, and count new issues of all projects together.
    """
    fields = Fields(RELEASES.name, body)
    version, projects = fields.text("version"), fields.parts("projects")
    if version is None:
        raise ChangedTypeError(f"{RELEASES.name}.version: expected text, got nothing.")
    shared: Row = {
        "organization_slug": organization_slug,
        "release_id": fields.key("id") if "id" in body else None,
        "version": version,
        "created_at": fields.moment("dateCreated"),
        "released_at": fields.moment("dateReleased"),
        "first_event_at": fields.moment("firstEvent"),
        "last_event_at": fields.moment("lastEvent"),
    }
    ids = set(project_ids.values())
    rows = []
    for project in projects:
        project_id = (
            project.key("id")
            if "id" in project.source
            else project_ids.get(project.text("slug") or "")
        )
        if project_id in ids:
            new = project.whole("newGroups")
            if new is None and len(projects) == 1:
                new = fields.whole("newGroups")
            rows.append(shared | {"project_id": project_id, "new_issues": new})
    return rows


def published_at(body: Row) -> datetime:
    """Return the time that releases are listed by: that of the release, or when Sentry heard of it."""
    fields = Fields(RELEASES.name, body)
    moment = fields.moment("dateReleased") or fields.moment("dateCreated")
    if moment is None:
        raise ChangedTypeError(f"{RELEASES.name}.dateCreated: expected a time, got nothing.")
    return moment


def sessions(body: Any, path: str, organization_slug: str, wanted: Set[str]) -> list[Row]:
    """Return rows of `project_daily_sessions` of the wanted projects: the days on which there were sessions."""
    table = PROJECT_DAILY_SESSIONS.name
    if not isinstance(body, dict):
        raise ChangedTypeError(f"{table}: {path}: expected an object, got {kind(body)}.")
    found: dict[tuple[str, date], list[int]] = {}
    with understood(table, path, body):
        days = [_day(moment) for moment in body["intervals"]]
        for group in body["groups"]:
            project_id, status = str(group["by"]["project"]), group["by"]["session.status"]
            if project_id not in wanted:
                continue
            for day, count in zip(days, group["series"]["sum(session)"], strict=True):
                numbers = found.setdefault((project_id, day), [0, 0])
                numbers[0] = as_count(numbers[0] + as_count(count or 0))
                numbers[1] += as_count(count or 0) if status == "crashed" else 0
    return [
        {
            "project_id": project_id,
            "date_on": day,
            "organization_slug": organization_slug,
            "sessions": count,
            "crashed_sessions": crashed,
        }
        for (project_id, day), (count, crashed) in found.items()
        if count
    ]


def production_days(
    found: Iterable[Row],
    organization_slug: str,
    path: str,
    projects: Iterable[str],
    days: Iterable[date],
) -> list[Row]:
    """Return rows of `project_daily_production_events`: of each project and day, 0 where nothing was found."""
    counts = dict.fromkeys(((pid, day) for day in days for pid in projects), 0)
    for row in found:
        with understood(PROJECT_DAILY_PRODUCTION_EVENTS.name, path, row):
            key = str(row["project.id"]), _day(row["timestamp.to_day"])
            if key in counts:
                counts[key] = as_count(row["count()"])
    return [
        {
            "project_id": project_id,
            "date_on": day,
            "organization_slug": organization_slug,
            "event_count": count,
        }
        for (project_id, day), count in counts.items()
    ]


def _day(moment: str) -> date:
    at = datetime.fromisoformat(moment).replace(tzinfo=None)
    if not is_possible(at):
        raise ValueError(moment)
    return at.date()
