"""Who is there: organizations in all regions, their projects and teams, read in full by every sync.

All organizations are listed before any issue is read, because a project that left one may have arrived in another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from pipelines.sentry.errors import (
    ConfigurationError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    TokenRefusedError,
    as_failure,
)
from pipelines.sentry.http.client import Row, SentryApi
from pipelines.sentry.organization import Directory, Organization
from pipelines.sentry.read.detection import glitchtip_version
from pipelines.sentry.rows import flatten
from pipelines.sentry.rows.typed import Fields
from pipelines.sentry.schema import PROJECTS
from pipelines.sentry.state.stored import StoredState

log = logging.getLogger("pipelines.sentry")


def read_directory(api: SentryApi, slugs: list[str], stored: StoredState) -> Directory:
    """List organizations, projects and teams; an organization that fails is kept with its failure.

    Raises ConfigurationError when no organization can be named, SentryError when not even they can be listed.
    """
    organizations = {org.slug: org for org in _organizations(api, slugs)}
    directory = Directory(list(organizations.values()))
    for organization in directory.organizations:
        try:
            _read_members(organization)
        except Exception as error:
            organization.failure = as_failure(error)
    _find_gone(directory, stored)
    for slug in sorted(stored.slugs() - set(organizations)):
        log.warning("%s: in the warehouse, but not among the organizations to sync.", slug)
    return directory


def _organizations(api: SentryApi, slugs: list[str]) -> list[Organization]:
    """Return the configured organizations, or all that the token lists in any region."""
    if not slugs:
        return _listed(api)
    refusals: list[TokenRefusedError] = []
    named = [_named(api, slug, refusals) for slug in slugs]
    if len(refusals) == len(slugs):
        raise refusals[0]
    return named


def _named(api: SentryApi, slug: str, refusals: list[TokenRefusedError]) -> Organization:
    try:
        return _organization(api, api.get(f"organizations/{slug}/", {"detailed": 0}))
    except TokenRefusedError as error:
        refusals.append(error)  # by this organization, as for single sign-on, or by all
        return Organization(slug, api, {}, failure=error)
    except NotFoundError as error:
        return Organization(
            slug, api, {}, failure=NotFoundError(f"{error} Check the slug in SENTRY_ORG.")
        )
    except Exception as error:
        return Organization(slug, api, {}, failure=as_failure(error))


def _listed(api: SentryApi) -> list[Organization]:
    try:
        bodies = api.rows("organizations/")
    except EndpointMissingError as error:
        raise ConfigurationError(
            f"{error} Check SENTRY_URL, {api.base_url}: it is to be the address of the server itself."
        ) from None
    found = {org.slug: org for org in _each(api, bodies)}
    regions = {org.api.base_url: org.api for org in found.values()}
    for url in _region_urls(api):
        try:
            region = api.at(url)
        except SentryError as error:
            found[url[:100]] = Organization(url[:100], api, {}, failure=as_failure(error))
            continue
        regions.setdefault(region.base_url, region)
    for url, region in regions.items():
        if url == api.base_url:
            continue
        try:
            for organization in _each(api, region.rows("organizations/")):
                found.setdefault(organization.slug, organization)
        except Exception as error:
            if any(org.api.base_url == url for org in found.values()):
                continue  # they are known by name, and will fail by themselves if they must
            host = urlsplit(url).netloc
            failure = as_failure(error)
            failure = type(failure)(f"This region fails: {failure}")
            found[host] = Organization(host, region, {}, failure=failure)
    if not found:
        raise ConfigurationError(_no_organization(api))
    return list(found.values())


def _no_organization(api: SentryApi) -> str:
    if glitchtip_version(api):
        return (
            "The user of this token is in no organization of this GlitchTip: "
            "have them invited to one, or take the token of a user who is in it."
        )
    return (
        "This token lists no organization. An internal integration's token never does: "
        "name yours in SENTRY_ORG (its slug, as in https://SLUG.sentry.io). "
        "A user's token lists none when the user is in none: have them invited."
    )


def _each(api: SentryApi, bodies: Iterable[Row]) -> Iterator[Organization]:
    """Yield listed organizations; one that cannot be read fails by its slug, or its place in the list."""
    for number, body in enumerate(bodies, 1):
        try:
            yield _organization(api, body)
        except Exception as error:
            try:
                slug = Fields("organizations", body).key("slug")
            except SentryError:
                slug = f"(organization {number} of {api.base_url})"
            yield Organization(slug, api, {}, failure=as_failure(error))


def _region_urls(api: SentryApi) -> list[str]:
    """Return the addresses of the regions in which the user has organizations (Sentry SaaS only)."""
    try:
        with api.session.retrying(attempts=3):
            body = api.get("users/me/regions/")
    except TokenRefusedError:
        raise
    except (EndpointMissingError, NotFoundError, ForbiddenError) as error:
        log.debug("regions cannot be listed: %s", error)
        return []
    except SentryError as error:
        log.warning("Organizations of other regions are not listed: %s", error)
        return []
    regions = body.get("regions") if isinstance(body, dict) else None
    return [
        str(region["url"])
        for region in (regions if isinstance(regions, list) else ())
        if isinstance(region, dict) and "url" in region
    ]


def _organization(api: SentryApi, body: Row) -> Organization:
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
        organization.has_teams = False
        return
    for body in bodies:
        row = flatten.team(body, organization.slug)
        organization.teams[row["team_id"]] = row


def _find_gone(directory: Directory, stored: StoredState) -> None:
    """Find known projects and teams of the organizations read that no organization shows any more."""
    read = {org.slug: org for org in directory.organizations if org.failure is None}
    home = directory.home_of()
    for project in stored.stored_rows(PROJECTS, "deleted_at is null"):
        organization, project_id = read.get(project["organization_slug"]), project["project_id"]
        if organization is None or project_id in home:
            continue
        try:
            row = _project_by_slug(organization, project["project_slug"])
        except ForbiddenError:
            row = project | {"has_access": False}  # it is there, and not for this token
        except Exception as error:
            organization.failure = as_failure(error)
            del read[organization.slug]
            continue
        if row is not None and row["project_id"] == project_id:
            organization.projects[project_id] = row
        else:
            organization.gone_projects.add(project_id)
    teams = {team_id for org in read.values() for team_id in org.teams}
    for team_id, slug in stored.rows(
        "select team_id, organization_slug from stored_teams where deleted_at is null"
    ):
        organization = read.get(str(slug))
        if organization is not None and organization.has_teams and team_id not in teams:
            organization.gone_teams.add(str(team_id))


def _project_by_slug(organization: Organization, project_slug: str) -> Row | None:
    """Return the project's row, None if it is not there; ForbiddenError if it is out of reach.

    Projects are paged by offset, so one can slip between two pages while others come or go.
    """
    try:
        body = organization.api.get(f"projects/{organization.slug}/{project_slug}/")
    except (NotFoundError, EndpointMissingError):
        return None
    return flatten.project(body, organization.slug)
