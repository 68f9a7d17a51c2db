"""The endpoints about releases, environments and sessions."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from pipelines.fake_sentry.calls import Call, Refusal, Reply, reply_html, reply_json
from pipelines.fake_sentry.directory_endpoints import chosen_projects, paged
from pipelines.fake_sentry.entities import Project, Release
from pipelines.fake_sentry.outcome_endpoints import MAX_POINTS, asked_intervals
from pipelines.fake_sentry.paging import asked_cursor, asked_per_page, offset_page

SESSION_FIELD = "sum(session)"
SESSION_GROUPS = {"project", "release", "environment", "session.status"}

New = Counter[tuple[str, str]]
Span = dict[str, tuple[datetime, datetime]]


def releases(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/releases/`, the latest first."""
    if not call.flavour.has_releases:
        return reply_html(status=404)
    if call.params.getlist("project"):
        homes = chosen_projects(call)
    else:
        everybody = not call.is_user_token
        homes = [p for p in call.projects() if p.has_access and (p.is_member or everybody)]
    chosen = {project.id: project for project in homes}
    rows = [r for r in call.organization().releases if chosen.keys() & set(r.project_ids)]
    rows.sort(key=lambda release: release.released_at, reverse=True)
    page = offset_page(rows, asked_cursor(call), asked_per_page(call))
    new, seen = _new_issues(call), _seen(call)
    return paged(call, page, [_release(call, r, chosen, new, seen) for r in page.rows])


def environments(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/environments/`."""
    names = sorted(set().union(*(project.environments for project in call.projects())))
    return reply_json([{"id": str(number), "name": name} for number, name in enumerate(names, 1)])


def sessions(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/sessions/`: numbers of sessions, by project and status at will."""
    if not call.flavour.has_sessions:
        return reply_html(status=404)
    if call.params.getlist("field") != [SESSION_FIELD]:
        raise Refusal(400, f"Invalid field: {call.params.get('field')}")
    by = call.params.getlist("groupBy")
    if not set(by) <= SESSION_GROUPS:
        raise Refusal(400, f"Invalid groupBy: {by}")
    starts, size = asked_intervals(call)
    series: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(starts))
    for project in chosen_projects(call):
        for (hour, status), count in project.sessions.items():
            if starts[0] <= hour < starts[-1] + size:
                facts = {"project": int(project.id), "session.status": status}
                key = tuple(facts[name] for name in by)
                series[key][(hour - starts[0]) // size] += count
    if len(series) * len(starts) > MAX_POINTS:
        raise Refusal(400, "Your interval and date range would create too many results.")
    groups = [
        {
            "by": dict(zip(by, key, strict=True)),
            "totals": {SESSION_FIELD: sum(numbers)},
            "series": {SESSION_FIELD: numbers},
        }
        for key, numbers in series.items()
    ]
    end = starts[-1] + size
    shown = {"start": starts[0], "end": end, "intervals": starts, "groups": groups, "query": ""}
    return reply_json(shown)


def _release(
    call: Call, release: Release, chosen: dict[str, Project], new: New, seen: Span
) -> dict[str, Any]:
    homes = [chosen[pid] for pid in release.project_ids if pid in chosen]
    first, last = seen.get(release.version, (None, None))
    shown: dict[str, Any] = {
        "id": int(release.released_at.timestamp()),
        "version": release.version,
        "shortVersion": release.version.split("@")[-1],
        "status": "open",
        "ref": None,
        "url": None,
        "dateCreated": release.released_at,
        "dateReleased": release.released_at,
        "data": {},
        "newGroups": sum(new[release.version, project.id] for project in homes),
        "firstEvent": first,
        "lastEvent": last,
        "authors": [],
        "projects": [{"slug": project.slug, "name": project.name} for project in homes],
    }
    if call.flavour.has_releases_by_project:
        for project, named in zip(homes, shown["projects"], strict=True):
            named |= {"id": int(project.id), "newGroups": new[release.version, project.id]}
    return shown


def _new_issues(call: Call) -> New:
    """Count the issues that each release brought to each project; those that are gone since, too."""
    world = call.world
    ever = [*world.issues.values(), *(gone.issue for gone in world.departed.values())]
    return Counter((i.first_release, i.project.id) for i in ever if i.first_release)


def _seen(call: Call) -> Span:
    """Return when the first and the last event of each release happened."""
    seen: Span = {}
    for issue in call.world.issues.values():
        for event in issue.events:
            if event.release:
                first, last = seen.get(event.release, (event.at, event.at))
                seen[event.release] = min(first, event.at), max(last, event.at)
    return seen
