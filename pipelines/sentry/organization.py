"""Organizations as one sync lists them, with their projects and teams."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.sentry.errors import SentryError
from pipelines.sentry.http.client import Row, SentryApi


@dataclass
class Organization:
    """One organization as listed by this sync. `failure` says why it could not be, else None.

    `gone_projects` and `gone_teams`: ids that the warehouse knew here and that are listed nowhere any more.
    """

    slug: str
    api: SentryApi
    row: Row
    projects: dict[str, Row] = field(default_factory=dict)
    teams: dict[str, Row] = field(default_factory=dict)
    project_teams: set[tuple[str, str]] = field(default_factory=set)
    has_teams: bool = True  # False: this token may not list them
    gone_projects: set[str] = field(default_factory=set)
    gone_teams: set[str] = field(default_factory=set)
    failure: SentryError | None = None

    def readable(self) -> dict[str, str]:
        """Return project id -> slug of the projects whose issues this token may read."""
        return {pid: row["project_slug"] for pid, row in self.projects.items() if row["has_access"]}

    def team_slugs(self) -> dict[str, str]:
        """Return team id -> slug."""
        return {team_id: row["team_slug"] for team_id, row in self.teams.items()}


@dataclass
class Directory:
    """All organizations of this sync."""

    organizations: list[Organization]

    def home_of(self) -> dict[str, str]:
        """Return project id -> organization slug, as listed now."""
        return {pid: org.slug for org in self.organizations for pid in org.projects}
