"""The endpoints about organizations, projects, teams and members, and who may see which project."""

from __future__ import annotations

from typing import Any

from pipelines.fake_sentry.calls import (
    Call,
    Refusal,
    Reply,
    forbidden,
    not_found,
    reply_html,
    reply_json,
)
from pipelines.fake_sentry.entities import Project, SentryOrganization, Team
from pipelines.fake_sentry.paging import (
    PageOfRows,
    asked_cursor,
    asked_per_page,
    offset_page,
    score_page,
)
from pipelines.fake_sentry.shapes import web_address


def root(call: Call) -> Reply:
    """Answer `GET /api/0/`."""
    return reply_json({"version": "0", "auth": None, "user": None})


def client_config(call: Call) -> Reply:
    """Answer `GET /api/client-config/`, which tells the version where there is no other to tell it."""
    if not call.flavour.has_current_fields:
        return reply_html(status=404)
    is_self_hosted = call.flavour.name == "self-hosted"
    return reply_json({"version": {"current": "25.10.0"}, "isSelfHosted": is_self_hosted})


def regions(call: Call) -> Reply:
    """Answer `GET /users/me/regions/`."""
    return reply_json({"regions": [{"name": n, "url": u} for n, u in call.region_urls.items()]})


def organizations(call: Call) -> Reply:
    """Answer `GET /organizations/`; an integration's token is a member of none."""
    here = call.world.organizations.values() if call.is_user_token else ()
    rows = [o for o in here if call.region in {None, o.region}]
    rows.sort(key=lambda organization: organization.created_at, reverse=True)
    newest_first = [-int(o.created_at.timestamp() * 1000) for o in rows]
    page = score_page(rows, newest_first, asked_cursor(call), asked_per_page(call))
    return paged(call, page, [_organization(call, o) for o in page.rows])


def organization(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/`, with projects and teams unless `detailed=0`."""
    shown = _organization(call, call.organization())
    if call.params.get("detailed") != "0":
        shown["projects"] = [_project(call, project) for project in call.projects()]
        shown["teams"] = [_team(call, team) for team in _teams_of(call)]
    return reply_json(shown)


def projects(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/projects/`: also those whose issues are not readable."""
    rows = call.projects()
    if call.params.get("all_projects") == "1":
        return reply_json([_project(call, project) for project in rows])
    page = offset_page(rows, asked_cursor(call), asked_per_page(call))
    return paged(call, page, [_project(call, project) for project in page.rows])


def project(call: Call) -> Reply:
    """Answer `GET /projects/{o}/{p}/`."""
    home = call.organization()
    named = {"id": home.id, "slug": home.slug, "name": home.name}
    return reply_json(
        _project(call, named_project(call)) | {"organization": named, "status": "active"}
    )


def teams(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/teams/`."""
    page = offset_page(_teams_of(call), asked_cursor(call), asked_per_page(call))
    with_projects = call.params.get("detailed") != "0"
    return paged(call, page, [_team(call, team, with_projects) for team in page.rows])


def members(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/members/`; who is only invited has no user yet."""
    rows = call.organization().members
    page = offset_page(rows, asked_cursor(call), asked_per_page(call))
    shown = [
        {
            "id": member.id,
            "email": member.email,
            "name": member.name,
            "user": None
            if member.pending
            else {
                "id": member.user_id,
                "name": member.name,
                "username": member.email,
                "email": member.email,
            },
            "orgRole": "member",
            "pending": member.pending,
            "expired": False,
            "flags": {},
            "dateCreated": member.joined_at,
            "inviteStatus": "requested_to_be_invited" if member.pending else "approved",
        }
        for member in page.rows
    ]
    return paged(call, page, shown)


def paged(call: Call, page: PageOfRows, shown: list[Any]) -> Reply:
    """Return the rows of a page with its Link header."""
    return reply_json(shown, Link=page.link(call))


def chosen_projects(call: Call) -> list[Project]:
    """Return the projects that `project` names: ids, -1 for all, none for those of one's teams."""
    asked, flavour = call.params.getlist("project"), call.flavour
    readable = [project for project in call.projects() if project.has_access]
    try:
        ids = {int(name) for name in asked}
    except ValueError:
        raise Refusal(
            flavour.project_slug_status, "Invalid project parameter. Values must be numbers."
        ) from None
    if not ids:
        chosen = [p for p in readable if p.is_member or not call.is_user_token]
    elif -1 in ids:
        if not flavour.has_all_projects:
            raise forbidden()
        chosen = readable
    else:
        chosen = [p for p in readable if int(p.id) in ids]
        if len(chosen) < len(ids):
            raise forbidden()
    if len(chosen) > 1 and not flavour.has_several_projects:
        raise Refusal(400, "You do not have the multi project stream feature enabled")
    return chosen


def named_project(call: Call) -> Project:
    """Return the project that the path names; a former slug redirects to the one of today."""
    organization, name = call.organization().slug, call.parts["project"]
    for project in call.projects():
        if name in {project.slug, project.id}:
            if not project.has_access:
                raise forbidden()
            return project
    moved = call.world.projects.get(call.world.former_slugs.get((organization, name), ""))
    if moved is None or moved.organization != organization:
        raise not_found()
    url = call.path.replace(f"/{organization}/{name}/", f"/{organization}/{moved.slug}/")
    redirect = Refusal(302, {"extra": {"url": url, "slug": moved.slug}})
    redirect.reply.headers["Location"] = f"{url}?{call.params}"
    raise redirect


def _teams_of(call: Call) -> list[Team]:
    slug = call.organization().slug
    found = [team for team in call.world.teams.values() if team.organization == slug]
    return sorted(found, key=lambda team: team.slug)


def _organization(call: Call, organization: SentryOrganization) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": organization.id,
        "slug": organization.slug,
        "name": organization.name,
        "dateCreated": organization.created_at,
        "status": {"id": "active", "name": "active"},
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
        "features": ["advanced-search"],
        "isEarlyAdopter": False,
        "require2FA": False,
    }
    if call.flavour.has_current_fields:
        shown["links"] = {
            "organizationUrl": web_address(organization.slug),
            "regionUrl": call.region_urls.get(organization.region, call.base_url),
        }
    return shown


def _project(call: Call, project: Project) -> dict[str, Any]:
    owners = [call.world.teams[team_id] for team_id in project.team_ids]
    named = [{"id": team.id, "slug": team.slug, "name": team.name} for team in owners]
    first = min(project.accepted, default=None)
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "platforms": [project.platform] if project.platform else [],
        "dateCreated": project.created_at,
        "firstEvent": first,
        "isMember": project.is_member,
        "hasAccess": project.has_access,
        "isBookmarked": False,
        "access": [],
        "team": named[0] if named else None,
        "teams": named,
        "environments": sorted(project.environments),
        "features": ["releases"],
        "latestRelease": None,
    }


def _team(call: Call, team: Team, with_projects: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": team.id,
        "slug": team.slug,
        "name": team.name,
        "dateCreated": team.created_at,
        "isMember": True,
        "teamRole": None,
        "isPending": False,
        "hasAccess": True,
        "memberCount": team.member_count,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
    }
    if with_projects:
        owned = [p for p in call.projects() if team.id in p.team_ids]
        shown["projects"] = [{"id": p.id, "slug": p.slug, "name": p.name} for p in owned]
    return shown
