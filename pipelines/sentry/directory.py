"""Who is there: organizations in all regions, their projects and teams, read in full by every sync.

All organizations are listed before any issue is read, because a project that left one may have arrived in another.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from pipelines.sentry import flatten
from pipelines.sentry.api import Row, SentryApi
from pipelines.sentry.errors import (
    ConfigurationError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    TokenRefusedError,
)
from pipelines.sentry.known import Known

log = logging.getLogger("pipelines.sentry")


@dataclass
class Organization:
    """One organization as listed by this sync. `failure` says why it could not be, else None."""

    slug: str
    api: SentryApi
    row: Row
    projects: dict[str, Row] = field(default_factory=dict)
    teams: dict[str, Row] = field(default_factory=dict)
    project_teams: set[tuple[str, str]] = field(default_factory=set)
    failure: str | None = None


@dataclass
class Directory:
    """All organizations of this sync, and what the warehouse knew and they no longer show."""

    organizations: list[Organization]
    gone_projects: set[str] = field(default_factory=set)
    gone_teams: set[str] = field(default_factory=set)

    def home_of(self) -> dict[str, str]:
        """Return project id -> organization slug, as listed now."""
        return {pid: org.slug for org in self.organizations for pid in org.projects}


def read_directory(api: SentryApi, slugs: list[str], known: Known) -> Directory:
    """List organizations, projects and teams; an organization that fails is kept with its failure.

    Raises ConfigurationError when no organization can be named, SentryError when not even they can be listed.
    """
    directory = Directory([_organization(api, row) for row in _organization_rows(api, slugs)])
    for organization in directory.organizations:
        try:
            _read_members(organization)
        except TokenRefusedError as error:
            organization.failure = str(error)
        except SentryError as error:
            organization.failure = str(error)
            log.warning("%s: not synced: %s", organization.slug, error)
    _find_gone(directory, known)
    return directory


def _organization_rows(api: SentryApi, slugs: list[str]) -> list[Row]:
    """Return the bodies of the configured organizations, or of all that the token lists in any region."""
    if slugs:
        rows = []
        for slug in slugs:
            try:
                rows.append(api.get(f"organizations/{slug}/", {"detailed": 0}))
            except SentryError as error:
                if isinstance(error, TokenRefusedError):
                    raise
                rows.append({"slug": slug, "failure": str(error)})
        return rows
    listed: dict[str, Row] = {}
    apis = {api.base_url: api}
    for row in api.rows("organizations/"):
        listed[str(row.get("slug"))] = row
        region = api.at((row.get("links") or {}).get("regionUrl"))
        apis.setdefault(region.base_url, region)
    for region_url in _region_urls(api):
        region = api.at(region_url)
        apis.setdefault(region.base_url, region)
    for base_url, region in apis.items():
        if base_url != api.base_url:
            for row in region.rows("organizations/"):
                listed.setdefault(str(row.get("slug")), row)
    if not listed:
        raise ConfigurationError(
            "This token lists no organization. An internal integration's token never does: "
            "name yours in SENTRY_ORG (its slug, as in https://SLUG.sentry.io)."
        )
    return list(listed.values())


def _region_urls(api: SentryApi) -> list[str]:
    """Return the addresses of the regions in which the user has organizations (Sentry SaaS only)."""
    try:
        with api.session.patience_of(attempts=1):
            body = api.get("users/me/regions/")
    except TokenRefusedError:
        raise
    except SentryError:
        return []
    regions = body.get("regions", []) if isinstance(body, dict) else []
    return [
        str(region["url"]) for region in regions if isinstance(region, dict) and "url" in region
    ]


def _organization(api: SentryApi, body: Row) -> Organization:
    if "failure" in body:
        return Organization(body["slug"], api, {}, failure=body["failure"])
    row = flatten.organization(body)
    return Organization(row["organization_slug"], api.at(row["region_url"]), row)


def _read_members(organization: Organization) -> None:
    if organization.failure:
        return
    path = f"organizations/{organization.slug}"
    for body in organization.api.rows(f"{path}/projects/"):
        row = flatten.project(body, organization.slug)
        organization.projects[row["project_id"]] = row
        for team_id in flatten.project_team_ids(body):
            organization.project_teams.add((row["project_id"], team_id))
    try:
        bodies = organization.api.rows(f"{path}/teams/", {"detailed": 0})
    except ForbiddenError:
        log.warning(
            "%s: teams cannot be read with this token (scope team:read).", organization.slug
        )
        bodies = []
    for body in bodies:
        row = flatten.team(body, organization.slug)
        organization.teams[row["team_id"]] = row


def _find_gone(directory: Directory, known: Known) -> None:
    """Find known projects and teams of the organizations read that no organization shows any more."""
    read = {org.slug: org for org in directory.organizations if org.failure is None}
    home = directory.home_of()
    for project_id, slug, project_slug in known.rows(
        "select project_id, organization_slug, project_slug from known_projects where deleted_at is null"
    ):
        organization = read.get(str(slug))
        if organization is None or project_id in home:
            continue
        # Projects are paged by offset, so one can slip between two pages while others come or go.
        try:
            body = organization.api.get(f"projects/{slug}/{project_slug}/")
        except (NotFoundError, ForbiddenError, EndpointMissingError):
            directory.gone_projects.add(str(project_id))
            continue
        row = flatten.project(body, organization.slug)
        if row["project_id"] == project_id:
            organization.projects[row["project_id"]] = row
        else:
            directory.gone_projects.add(str(project_id))
    teams = {team_id for org in read.values() for team_id in org.teams}
    for team_id, slug in known.rows(
        "select team_id, organization_slug from known_teams where deleted_at is null"
    ):
        if str(slug) in read and read[str(slug)].teams and team_id not in teams:
            directory.gone_teams.add(str(team_id))
