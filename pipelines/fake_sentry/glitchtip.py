"""The API of GlitchTip (4.1.5 and 5.2 as they were seen): the paths of Sentry, another server behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

from pipelines.fake_sentry.calls import Call, Refusal, Reply, not_found, reply_html, reply_json
from pipelines.fake_sentry.entities import Events, Issue, Project, SentryOrganization
from pipelines.fake_sentry.glitchtip_paging import Key, paged
from pipelines.fake_sentry.issue_state import RETENTION
from pipelines.fake_sentry.search import UNSEARCHABLE
from pipelines.fake_sentry.shapes import release_of

MAX_INTERVALS = 1000
SORTS: dict[str, Key] = {
    "last_seen": lambda issue: issue.last_seen,
    "first_seen": lambda issue: issue.first_seen,
    "count": lambda issue: issue.times_seen,
    "priority": lambda issue: issue.times_seen,
}


def root(call: Call) -> Reply:
    """Answer `GET /api/0/`."""
    return reply_json({"version": "0", "user": None, "auth": None})


def settings(call: Call) -> Reply:
    """Answer `GET /api/settings/`, which alone has the version."""
    return reply_json({"version": "4.1.5", "environment": "production"})


def organizations(call: Call) -> Reply:
    """Answer `GET /organizations/`; ids are numbers here."""
    rows = list(call.world.organizations.values())
    return paged(call, rows, lambda o: int(o.id), _organization)


def organization(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/`."""
    return reply_json(_organization(call.organization()))


def projects(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/projects/`; team ids inside projects are numbers."""
    return paged(call, call.projects(), lambda p: int(p.id), lambda p: _full_project(call, p))


def project(call: Call) -> Reply:
    """Answer `GET /projects/{o}/{p}/`."""
    found = next((p for p in call.projects() if p.slug == call.parts["project"]), None)
    if found is None:
        raise not_found()
    return reply_json(_full_project(call, found))


def teams(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/teams/`; teams have no name."""
    slug = call.organization().slug
    rows = [team for team in call.world.teams.values() if team.organization == slug]
    return paged(
        call,
        rows,
        lambda team: int(team.id),
        lambda team: {
            "id": team.id,
            "slug": team.slug,
            "dateCreated": team.created_at,
            "isMember": True,
            "memberCount": team.member_count,
        },
    )


def members(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/members/`."""
    return paged(
        call,
        call.organization().members,
        lambda member: int(member.id),
        lambda m: {"id": m.id, "email": m.email, "role": "member", "pending": m.pending},
    )


def organization_issues(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/issues/`: no default query, and an error for no organization."""
    try:
        projects = call.projects()
    except Refusal:
        raise Refusal(500, "Internal Server Error") from None
    try:
        ids = {int(name) for name in call.params.getlist("project")}
    except ValueError:
        raise Refusal(500, "Internal Server Error") from None
    return _issues(call, [p for p in projects if not ids or int(p.id) in ids])


def project_issues(call: Call) -> Reply:
    """Answer `GET /projects/{o}/{p}/issues/`: nothing for a project that does not exist."""
    return _issues(call, [p for p in call.projects() if p.slug == call.parts["project"]])


def detail(call: Call) -> Reply:
    """Answer `GET /issues/{id}/`, also for one that was merged away or waits to be deleted: as if it were open."""
    name = call.parts["issue"]
    gone = call.world.departed.get(name)
    issue = gone.issue if gone and gone.reason == "merged" else call.world.issues.get(name)
    if issue is None or not _is_recent(call, issue):
        raise not_found()
    shown = _issue(issue) | {"activity": [], "participants": [], "userReportCount": 0}
    if call.flavour.has_release_in_detail:
        shown["firstRelease"] = release_of(issue.first_release, issue.first_seen)
    return reply_json(shown)


def releases(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/releases/`: without ids, and without counts of new issues."""
    return paged(
        call,
        call.organization().releases,
        lambda release: (release.released_at, release.version),
        lambda release: {
            "version": release.version,
            "shortVersion": release.version.split("@")[-1],
            "dateCreated": release.released_at,
            "dateReleased": release.released_at,
            "commitCount": 0,
            "deployCount": 0,
            "projects": [_project(p) for p in call.projects() if p.id in release.project_ids],
        },
        descending=True,
    )


def no_get(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/issues/{id}/`, which knows PUT only."""
    return reply_json({"detail": "Method not allowed"}, status=405)


def web_page(call: Call) -> Reply:
    """Answer with the web application, as GlitchTip does under many paths that it lacks."""
    return reply_html("<!doctype html><title>GlitchTip</title><app-root></app-root>")


def events(call: Call) -> Reply:
    """Answer `GET /issues/{id}/events/`, newest first and in snake case."""
    issue = call.world.issues.get(call.parts["issue"])
    if issue is None:
        raise not_found()
    rows = [(batch, n) for batch in call.world.stored_events(issue) for n in range(batch.amount)]

    def shown(row: tuple[Events, int]) -> dict[str, Any]:
        batch, n = row
        return {
            "id": md5(f"{batch.number}/{n}".encode(), usedforsecurity=False).hexdigest(),
            "project_id": int(issue.project.id),
            "group_id": issue.id,
            "date_created": batch.at,
            "title": issue.title,
            "message": issue.metadata.get("value", ""),
            "platform": issue.platform,
            "type": issue.event_type,
            "tags": [{"key": "level", "value": issue.level}],
        }

    return paged(call, rows, lambda row: (row[0].at, row[0].number, row[1]), shown)


def stats_v2(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/stats_v2/`; a day is its first hour, for lack of a sum."""
    missing = [n for n in ("category", "field", "start", "end") if n not in call.params]
    if missing:
        raise Refusal(422, [{"type": "missing", "loc": ["query", n]} for n in missing])
    start, end = call.moment("start"), call.moment("end")
    ids = set(call.params.getlist("project"))
    chosen = [p for p in call.projects() if not ids or p.id in ids]
    if not chosen or start is None or end is None:
        raise not_found()
    sizes = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "1m": timedelta(minutes=1)}
    size = sizes.get(call.params.get("interval", "1h"))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    if size is None or (end - start) / size > MAX_INTERVALS:
        raise Refusal(422, [{"type": "value_error", "loc": ["query", "interval"]}])
    first = epoch + (start - epoch) // size * size
    starts = [first + n * size for n in range(-((first - end) // size))]
    is_error = call.params["category"] == "error"
    series = [sum(p.accepted[at] for p in chosen) if is_error else 0 for at in starts]
    groups = [{"series": {call.params["field"]: series}}]
    return reply_json({"intervals": starts, "groups": groups})


def _issues(call: Call, projects: Sequence[Project]) -> Reply:
    sort = call.params.get("sort", "-last_seen")
    key = SORTS.get(sort.removeprefix("-"))
    if key is None:
        raise Refusal(422, [{"type": "enum", "loc": ["query", "sort"]}])
    ids, start, end = set(call.params.getlist("id")), call.moment("start"), call.moment("end")
    matches = _query(call.params.get("query", ""))
    rows = [
        issue
        for project in projects
        for issue in project.issues.values()
        if _is_listed(call, issue)
        and (not ids or issue.id in ids)
        and (start is None or issue.first_seen >= start)
        and (end is None or issue.first_seen <= end)
        and matches(issue)
    ]
    return paged(call, rows, key, _issue, descending=sort.startswith("-"))


def _query(text: str) -> Callable[[Issue], bool]:
    if text.count('"') % 2:
        raise Refusal(500, "Internal Server Error")
    terms: list[tuple[str, str, str]] = re.findall(r'(\w+):("[^"]*"|\S+)|(\S+)', text)

    def holds(issue: Issue, key: str, value: str, word: str) -> bool:
        if key in {"is", "level"}:
            return value == (issue.status if key == "is" else issue.level)
        # Any other key is a tag, and no event of ours has tags.
        return not key and word.strip('"').lower() in issue.title.lower()

    return lambda issue: all(holds(issue, *term) for term in terms)


def _is_listed(call: Call, issue: Issue) -> bool:
    return _is_recent(call, issue) and issue.status not in UNSEARCHABLE


def _is_recent(call: Call, issue: Issue) -> bool:
    return issue.last_seen >= call.world.clock - RETENTION


def _organization(organization: SentryOrganization) -> dict[str, Any]:
    return {
        "id": int(organization.id),
        "slug": organization.slug,
        "name": organization.name,
        "dateCreated": organization.created_at,
        "status": {"id": "active", "name": "active"},
        "avatar": {"avatarType": "", "avatarUuid": None},
        "isEarlyAdopter": False,
        "require2FA": False,
    }


def _project(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform or "",
    }


def _full_project(call: Call, project: Project) -> dict[str, Any]:
    teams = [{"id": int(t), "slug": call.world.teams[t].slug} for t in project.team_ids]
    return _project(project) | {
        "dateCreated": project.created_at,
        "firstEvent": min(project.accepted, default=None),
        "hasAccess": True,
        "isMember": project.is_member,
        "isBookmarked": False,
        "teams": teams,
    }


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "shareId": None,
        "shortId": "",
        "title": issue.title,
        "culprit": issue.culprit or "",
        "permalink": "Not implemented",
        "logger": None,
        "level": issue.level,
        "status": "unresolved" if issue.status in UNSEARCHABLE else issue.status,
        "statusDetails": {},
        "isPublic": False,
        "project": _project(issue.project),
        "type": issue.event_type,
        "metadata": issue.metadata,
        "numComments": issue.comment_count,
        "count": str(issue.times_seen),
        "userCount": 0,
        "firstSeen": issue.first_seen,
        "lastSeen": issue.last_seen,
        "stats": {"24h": []},
        "subscriptionDetails": None,
        "userReportCount": 0,
        "matchingEventId": None,
    }
