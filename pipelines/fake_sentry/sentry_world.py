"""The state behind the fake Sentry: what exists in a Sentry, and everything that can happen to it.

What belongs here: the clock, Sentry's periodic jobs, and what happens to organizations, teams, projects and releases,
one method each. Issues have `issue_changes`; how the API shows it all is the server's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from pipelines.fake_sentry.entities import (
    Member,
    OwnershipRule,
    Plan,
    Project,
    Release,
    SentryOrganization,
    Team,
)
from pipelines.fake_sentry.issue_changes import IssueChanges
from pipelines.fake_sentry.issue_state import RETENTION, hour_of

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
ONGOING_AFTER = timedelta(days=7)


class SentryWorld(IssueChanges):
    """Everything one Sentry installation holds, at the moment `clock`.

    `version` grows with every change. Methods raise ValueError for what Sentry would refuse.
    """

    def __init__(self, clock: datetime = START, seed: int = 0) -> None:
        super().__init__(clock)
        self.seed = seed
        self.steps = 0
        self.plans: list[Plan] = []  # a heap: what comes next is first
        self.organizations: dict[str, SentryOrganization] = {}
        self.projects: dict[str, Project] = {}
        self.teams: dict[str, Team] = {}
        self.former_slugs: dict[tuple[str, str], str] = {}
        self._organization_ids = count(101)
        self._project_ids = count(4_500_101)
        self._team_ids = count(70_001)
        self._user_ids = count(880_001)

    # The clock

    def advance(self, **duration: float) -> datetime:
        """Move the clock by `timedelta(**duration)` and return the new time. Nothing else happens."""
        return self.set_clock(self.clock + timedelta(**duration))

    def set_clock(self, moment: datetime) -> datetime:
        """Set the clock, which never goes back, and return it."""
        if moment < self.clock:
            raise ValueError(f"the clock is at {self.clock} and does not go back to {moment}")
        self.clock = moment
        self.flush_buffers()
        self.version += 1
        return moment

    def run_jobs(self) -> None:
        """Do what Sentry's own periodic jobs do: new issues become ongoing, old ones resolve, snoozes end."""
        for issue in list(self.issues.values()):
            if issue.status == "unresolved" and self.is_resolved_by_age(issue):
                self.resolve(issue, by_age=True)
            elif issue.substatus == "new" and self.clock - issue.first_seen > ONGOING_AFTER:
                issue.substatus = "ongoing"
                self._record(issue, "auto_set_ongoing", None, {"after_days": ONGOING_AFTER.days})
            elif issue.status == "ignored" and self.is_snooze_over(issue):
                self.unresolve(issue)

    def cleanup(self) -> None:
        """Delete the issues whose last event is older than the retention, as Sentry's nightly job does."""
        for issue in [i for i in self.issues.values() if i.last_seen < self.clock - RETENTION]:
            self.delete_issue(issue)

    # Organizations, teams, projects, releases

    def create_organization(
        self, slug: str, *, name: str = "", region: str = "us"
    ) -> SentryOrganization:
        """Create an organization with one member."""
        if slug in self.organizations:
            raise ValueError(f"organization {slug} exists")
        organization = SentryOrganization(
            id=str(next(self._organization_ids)),
            slug=slug,
            name=name or slug.title(),
            created_at=self.clock - timedelta(days=900),
            region=region,
        )
        self.organizations[slug] = organization
        self.create_member(organization, "Ada Admin")
        return organization

    def create_member(
        self, organization: SentryOrganization, name: str, *, pending: bool = False
    ) -> Member:
        """Add a person to `organization`, with an address made from the name."""
        self.version += 1
        user_id = str(next(self._user_ids))
        email = f"{name.lower().replace(' ', '.')}@{organization.slug}.example"
        member = Member(f"9{user_id}", user_id, name, email, organization.created_at, pending)
        organization.members.append(member)
        return member

    def create_team(
        self, organization: SentryOrganization, slug: str, *, member_count: int = 3
    ) -> Team:
        """Create a team of `organization`."""
        self.version += 1
        team = Team(
            id=str(next(self._team_ids)),
            slug=slug,
            name=slug.replace("-", " ").title(),
            organization=organization.slug,
            created_at=organization.created_at,
            member_count=member_count,
        )
        self.teams[team.id] = team
        return team

    def delete_team(self, team: Team) -> None:
        """Delete `team`; its projects stay, its issues lose their assignee without an activity."""
        del self.teams[team.id]
        for project in self.projects.values():
            if team.id in project.team_ids:
                project.team_ids.remove(team.id)
                self._drop_assignees(project, {team.id})
        self.version += 1

    def create_project(
        self,
        organization: SentryOrganization,
        slug: str,
        *,
        platform: str | None = "python",
        teams: Iterable[Team] = (),
        created_at: datetime | None = None,
    ) -> Project:
        """Create a project of `organization`."""
        self._refuse_taken_slug(organization.slug, slug)
        project = Project(
            id=str(next(self._project_ids)),
            slug=slug,
            name=slug.replace("-", " ").title(),
            organization=organization.slug,
            platform=platform,
            created_at=created_at or self.clock,
            team_ids=[team.id for team in teams],
        )
        self.projects[project.id] = project
        self.version += 1
        return project

    def rename_project(self, project: Project, slug: str, *, name: str | None = None) -> None:
        """Return `project` another slug; the old one redirects, and the short ids of its issues change."""
        self._refuse_taken_slug(project.organization, slug)
        self.former_slugs[project.organization, project.slug] = project.id
        self.former_slugs.pop((project.organization, slug), None)
        project.slug, project.name = slug, name or project.name
        self._touch_project(project)

    def set_platform(self, project: Project, platform: str | None) -> None:
        """Change the platform of `project`."""
        project.platform = platform
        self._touch_project(project)

    def set_access(self, project: Project, has_access: bool) -> None:
        """Return our token access to the issues of `project`, or take it away."""
        project.has_access = project.is_member = has_access
        self._touch_project(project)

    def set_resolve_age(self, project: Project, age: timedelta | None) -> None:
        """Have unresolved issues of `project` resolve by themselves when quiet for `age`."""
        project.resolve_age = age
        self._touch_project(project)

    def set_teams(self, project: Project, teams: Iterable[Team]) -> None:
        """Say which teams own `project`."""
        project.team_ids = [team.id for team in teams]
        self._touch_project(project)

    def delete_project(self, project: Project) -> None:
        """Delete `project` with all its issues."""
        for issue in list(project.issues.values()):
            self._remove(issue, "project_gone")
        del self.projects[project.id]
        self.version += 1

    def transfer_project(self, project: Project, organization: SentryOrganization) -> None:
        """Move `project` to another organization; issues keep their ids, assignees do not come along."""
        self._refuse_taken_slug(organization.slug, project.slug)
        project.organization, project.team_ids = organization.slug, []
        self._drop_assignees(project)
        self._touch_project(project)

    def drop_events(self, project: Project, count: int, at: datetime | None = None) -> None:
        """Let `count` events arrive that an inbound filter throws away: they are in outcomes alone."""
        project.filtered[hour_of(at or self.clock)] += count
        self.version += 1

    def record_sessions(
        self, project: Project, count: int, status: str = "healthy", at: datetime | None = None
    ) -> None:
        """Let `count` sessions of `project` end, in a status: healthy, errored, crashed or abnormal."""
        project.sessions[hour_of(at or self.clock), status] += count
        self.version += 1

    def set_ownership(self, project: Project, rules: Iterable[OwnershipRule]) -> None:
        """Say who owns which issues of `project`, from their next event on."""
        project.ownership = list(rules)
        self._touch_project(project)

    def publish_release(self, projects: Iterable[Project], version: str) -> Release:
        """Release `version`; issues that wait for the next release are now resolved in this one."""
        affected = tuple(projects)
        release = Release(version, self.clock, tuple(project.id for project in affected))
        for project in affected:
            for issue in project.issues.values():
                if issue.status_details.pop("inNextRelease", None):
                    issue.status_details["inRelease"] = version
                    for activity in reversed(issue.activities):
                        if activity.type == "set_resolved_in_release":
                            activity.data = {"version": version}
                            break
                    self._touch(issue)
        self.organizations[affected[0].organization].releases.append(release)
        self.version += 1
        return release

    # Shared by the mutations

    def _drop_assignees(self, project: Project, ids: set[str] | None = None) -> None:
        for issue in project.issues.values():
            if issue.assignee and (ids is None or issue.assignee.id in ids):
                issue.assignee = None
                self._touch(issue)

    def _refuse_taken_slug(self, organization: str, slug: str) -> None:
        if any(p.organization == organization and p.slug == slug for p in self.projects.values()):
            raise ValueError(f"{organization} has a project {slug}")

    def _touch_project(self, project: Project) -> None:
        project.version += 1
        self.version += 1
