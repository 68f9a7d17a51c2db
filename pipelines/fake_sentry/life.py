"""How the sample world goes on: what happens while its clock moves, the same for the same seed and step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from pipelines.fake_sentry.entities import Issue, Organization, Project
from pipelines.fake_sentry.vocabulary import HOMES, Home, invent_error
from pipelines.fake_sentry.world import World

WEEKEND = 0.4
HOMES_BY_SLUG = {home.slug: home for home in HOMES}
RENAMES = {1: ("payment-gateway", "payments-gateway"), 20: ("macro-bot", "answer-bot")}
NEW_PROJECTS = {4: "checkout-android"}
CLOSED_PROJECTS = {12: "chatbot-poc"}


def live(world: World, hours: float = 3) -> None:
    """Move the clock by `hours` and let things happen meanwhile.

    Events come in the first part of the time, what people do about them in the last tenth. The
    first step has at least one of everything, a project whose slug changes included.
    """
    world.steps += 1
    random = Random(f"{world.seed}/{world.steps}")
    start = world.clock
    world.advance(hours=hours)
    Hours(world, random, start, hours).pass_by()
    world.run_jobs()


class Hours:
    """Some hours in the life of a world, from `start` until its clock."""

    def __init__(self, world: World, random: Random, start: datetime, hours: float) -> None:
        self.world = world
        self.random = random
        self.start = start
        rhythm = WEEKEND if world.clock.weekday() >= 5 else 1.0
        self.pace = hours * rhythm

    def pass_by(self) -> None:
        """Let everything happen that happens in these hours."""
        for organization in self.world.organizations.values():
            self._events(organization)
            self._new_issues(organization)
            self._people(organization)
            self._structure(organization)

    def _events(self, organization: Organization) -> None:
        recent = self.world.clock - timedelta(days=10)
        active = [
            issue
            for issue in self._issues(organization)
            if issue.status != "resolved" and issue.last_seen > recent
        ]
        for issue in self._some(active, max(8, int(len(active) * 0.03 * self.pace))):
            at = self._moment()
            count = max(1, int(self.random.lognormvariate(0.8, 1.2)))
            users = range(self.random.randrange(5), 5 + count)
            self.world.add_events(issue, count, users=users, at=at, received_at=at)
        for issue in self._some(active, 2):  # from phones that were offline
            at = self.world.clock - timedelta(days=self.random.uniform(1, 5))
            self.world.add_events(issue, 1, at=max(at, issue.first_seen))
        for issue in self._some(self._with_status(organization, "resolved"), self._number(0.5)):
            at = self._moment()
            self.world.add_events(issue, 2, users=2, at=at, received_at=at)
        for project in self._projects(organization):
            self.world.drop_events(project, self.random.randrange(1, 5))

    def _new_issues(self, organization: Organization) -> None:
        projects = self._projects(organization)
        weights = [_home(project).share for project in projects]
        for _ in range(self._number(1.6)):
            project = self.random.choices(projects, weights)[0]
            at, error = self._moment(), invent_error(self.random, _home(project))
            count = self.random.randrange(1, 12)
            self.world.create_issue(
                project, count=count, users=count, at=at, received_at=at, **error
            )

    def _people(self, organization: Organization) -> None:
        world, random = self.world, self.random
        person = random.choice([m for m in organization.members if not m.pending])
        deeds: list[tuple[float, str, Callable[[Issue, datetime], None]]] = [
            (1.4, "unresolved", lambda issue, at: world.resolve(issue, by=person, at=at)),
            (
                0.3,
                "unresolved",
                lambda issue, at: world.resolve(issue, by=person, in_next_release=True, at=at),
            ),
            (0.3, "unresolved", lambda issue, at: world.archive(issue, by=person, at=at)),
            (0.1, "ignored", lambda issue, at: world.unresolve(issue, by=person, at=at)),
            (0.1, "resolved", lambda issue, at: world.unresolve(issue, by=person, at=at)),
            (1.0, "unresolved", lambda issue, at: world.assign(issue, person, by=person, at=at)),
            (0.3, "unresolved", lambda issue, at: world.set_priority(issue, "high", by=person)),
            (0.2, "unresolved", lambda issue, at: world.set_substatus(issue, "escalating")),
            (0.2, "unresolved", lambda issue, at: world.comment(issue, "Looking into it")),
        ]
        for per_hour, status, do in deeds:
            for issue in self._some(
                self._with_status(organization, status), self._number(per_hour)
            ):
                do(issue, self._late_moment(issue))
        assigned = [i for i in self._with_status(organization, "unresolved") if i.assignee]
        for issue in self._some(assigned, self._number(0.2)):
            world.unassign(issue, by=person)

    def _structure(self, organization: Organization) -> None:
        world, random, step = self.world, self.random, self.world.steps
        for issue in self._with_status(organization, "pending_deletion"):
            world.delete_issue(issue)
        if step == 1 or random.random() < 0.3:
            world.delete_issue(random.choice(self._issues(organization)))
            world.start_deletion(random.choice(self._with_status(organization, "unresolved")))
        if step == 1 or random.random() < 0.4:
            project = max(self._projects(organization), key=lambda p: len(p.issues))
            live = [i for i in project.issues.values() if i.status == "unresolved"]
            if len(live) > 2:
                parent, *children = random.sample(live, 3)
                world.merge(children, parent, by=organization.members[0])
        slugs = {project.slug: project for project in self._projects(organization)}
        if step % 5 == 2:
            project = random.choice(list(slugs.values()))
            world.publish_release([project], f"{project.slug}@5.{step}.0")
        old, new = RENAMES.get(step, ("", ""))
        if old in slugs:
            world.rename_project(slugs[old], new)
        if (slug := NEW_PROJECTS.get(step)) and slug not in slugs and "checkout-api" in slugs:
            teams = [world.teams[t] for t in slugs["checkout-api"].team_ids]
            project = world.create_project(organization, slug, platform="java-spring", teams=teams)
            error = invent_error(random, _home(project))
            world.create_issue(project, count=4, users=3, **error)
        if (gone := CLOSED_PROJECTS.get(step)) in slugs:
            world.delete_project(slugs[str(gone)])

    def _projects(self, organization: Organization) -> list[Project]:
        return [p for p in self.world.projects.values() if p.organization == organization.slug]

    def _issues(self, organization: Organization) -> list[Issue]:
        return [
            issue
            for project in self._projects(organization)
            for issue in project.issues.values()
            if issue.status != "pending_deletion"
        ]

    def _with_status(self, organization: Organization, status: str) -> list[Issue]:
        return [
            issue
            for project in self._projects(organization)
            for issue in project.issues.values()
            if issue.status == status
        ]

    def _some(self, issues: list[Issue], number: int) -> list[Issue]:
        return self.random.sample(issues, min(number, len(issues)))

    def _number(self, per_hour: float) -> int:
        """Return how often something happens: at least once in the first step."""
        expected = per_hour * self.pace
        number = int(expected) + (self.random.random() < expected % 1)
        return max(number, 1) if self.world.steps == 1 else number

    def _moment(self) -> datetime:
        passed = self.world.clock - self.start
        return self.start + passed * self.random.uniform(0.01, 0.89)

    def _late_moment(self, issue: Issue) -> datetime:
        passed = self.world.clock - self.start
        return max(self.start + passed * self.random.uniform(0.9, 0.99), issue.last_seen)


def _home(project: Project) -> Home:
    known = HOMES_BY_SLUG.get(project.slug)
    if known:
        return known
    platform = project.platform if project.platform in {"go", "java-spring"} else "python"
    return Home(project.slug, str(platform), "", 2, "order session item")
