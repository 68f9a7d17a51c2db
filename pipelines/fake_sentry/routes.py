"""Which path is answered by which endpoint, for which scope, and from which rate limit bucket it is paid."""

from __future__ import annotations

from collections.abc import Callable
from re import Pattern
from typing import NamedTuple

from starlette.routing import compile_path

from pipelines.fake_sentry import (
    directory_endpoints,
    discover,
    glitchtip,
    issue_endpoints,
    outcome_endpoints,
    release_endpoints,
)
from pipelines.fake_sentry.calls import Call, Reply


class Route(NamedTuple):
    """A path pattern, its endpoint, the bucket of its rate limit, and the scopes of which a token needs one."""

    pattern: Pattern[str]
    endpoint: Callable[[Call], Reply]
    bucket: str
    scopes: frozenset[str]


def _route(
    path: str, endpoint: Callable[[Call], Reply], bucket: str = "default", scopes: str = ""
) -> Route:
    needed = scopes or next((need for part, need in SCOPES.items() if part in path), "")
    return Route(compile_path(path)[0], endpoint, bucket, frozenset(needed.split()))


# By the first part of the path that fits; what fits none is for everybody.
SCOPES = {
    "/issues": "event:read",
    "/teams/": "org:read team:read",
    "/organizations/": "org:read",
    "/projects/": "project:read",
}


ORGANIZATION = "/api/0/organizations/{organization}"
PROJECT = "/api/0/projects/{organization}/{project}"

SENTRY = [
    _route("/api/0/", directory_endpoints.root),
    _route("/api/client-config/", directory_endpoints.client_config),
    _route("/api/0/users/me/regions/", directory_endpoints.regions),
    _route("/api/0/organizations/", directory_endpoints.organizations),
    _route(f"{ORGANIZATION}/", directory_endpoints.organization),
    _route(f"{ORGANIZATION}/projects/", directory_endpoints.projects),
    _route(f"{ORGANIZATION}/teams/", directory_endpoints.teams),
    _route(f"{ORGANIZATION}/members/", directory_endpoints.members),
    _route(f"{ORGANIZATION}/issues/", issue_endpoints.organization_issues, "issues"),
    _route(f"{ORGANIZATION}/issues/{{issue}}/", issue_endpoints.detail, "detail"),
    _route(f"{ORGANIZATION}/issues/{{issue}}/activities/", issue_endpoints.activities),
    _route(f"{ORGANIZATION}/issues/{{issue}}/events/", issue_endpoints.events),
    _route(f"{ORGANIZATION}/issues/{{issue}}/events/{{event}}/", issue_endpoints.event),
    _route(
        f"{ORGANIZATION}/issues/{{issue}}/first-last-release/", issue_endpoints.first_last_release
    ),
    _route(
        f"{ORGANIZATION}/releases/",
        release_endpoints.releases,
        scopes="project:read project:releases",
    ),
    _route(f"{ORGANIZATION}/environments/", release_endpoints.environments),
    _route(f"{ORGANIZATION}/sessions/", release_endpoints.sessions),
    _route(f"{ORGANIZATION}/events/", discover.events),
    _route(f"{ORGANIZATION}/stats_v2/", outcome_endpoints.stats_v2),
    _route(f"{PROJECT}/", directory_endpoints.project),
    _route(f"{PROJECT}/issues/", issue_endpoints.project_issues, "project_issues"),
    _route(f"{PROJECT}/stats/", outcome_endpoints.project_stats),
    _route("/api/0/issues/{issue}/", issue_endpoints.plain_detail, "detail"),
    _route("/api/0/issues/{issue}/activities/", issue_endpoints.activities),
    _route("/api/0/issues/{issue}/events/", issue_endpoints.events),
    _route("/api/0/issues/{issue}/events/{event}/", issue_endpoints.event),
]

GLITCHTIP = [
    _route("/api/0/", glitchtip.root),
    _route("/api/settings/", glitchtip.settings),
    _route("/api/0/organizations/", glitchtip.organizations),
    _route(f"{ORGANIZATION}/", glitchtip.organization),
    _route(f"{ORGANIZATION}/projects/", glitchtip.projects, scopes="project:read"),
    _route(f"{ORGANIZATION}/teams/", glitchtip.teams),
    _route(f"{ORGANIZATION}/members/", glitchtip.members),
    _route(f"{ORGANIZATION}/issues/", glitchtip.organization_issues),
    _route(f"{ORGANIZATION}/issues/{{issue}}/", glitchtip.no_get),
    _route(f"{ORGANIZATION}/issues/{{issue}}/{{child:path}}", glitchtip.web_page),
    _route(f"{ORGANIZATION}/issues-count/", glitchtip.web_page),
    _route(f"{ORGANIZATION}/releases/", glitchtip.releases, scopes="project:releases"),
    _route(f"{ORGANIZATION}/stats_v2/", glitchtip.stats_v2),
    _route(f"{PROJECT}/", glitchtip.project),
    _route(f"{PROJECT}/issues/", glitchtip.project_issues),
    _route("/api/0/issues/{issue}/", glitchtip.detail),
    _route("/api/0/issues/{issue}/events/", glitchtip.events),
    _route("/api/0/issues/{issue}/{child:path}", glitchtip.web_page),
]
