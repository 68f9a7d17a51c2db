"""How the sample world goes on: what happens while its clock moves, the same for the same seed and step.

Users run into errors; the teams assign, fix and archive them, in working hours. What an issue will come to is planned
when it is new (`SentryWorld.plans`), so the past that `sample` makes and the steps that follow it are one story.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any

from pipelines.fake_sentry.company import (
    MONOLITH,
    ON_CALL_WITHIN,
    PEOPLE,
    TRIAGES,
    Home,
    at_work,
    awake,
    busyness,
    home_of,
    is_weekend,
    next_triage,
)
from pipelines.fake_sentry.deployments import (
    COUNTED_FROM,
    PRODUCTION,
    environment_of,
    record_sessions,
)
from pipelines.fake_sentry.entities import Issue, Member, Plan, Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.upheavals import upheavals
from pipelines.fake_sentry.vocabulary import invent_error

NEW_PER_HOUR = 2.2  # in the busiest hours
NEW_IN_MONOLITH = 0.12
AFTER_RELEASE = timedelta(hours=30)  # more errors than otherwise
# The median time to a fix as a share of the time that the team means to take.
PACE = {"high": 0.2, "medium": 0.34, "low": 0.5}
ON_CALL_AT_MOST = 0.7  # of that time
ON_CALL_TOO = 0.2  # is the share of what is not urgent that is fixed at any hour, too
# Shares of issues; only teams without a triage put off and forget.
FORGOTTEN, PUT_OFF, NOISE, REGRESSED, REOPENED = 0.01, 0.035, 0.1, 0.05, 0.01
WEEKEND_EVENTS = 0.55
# Distinct users per event: nobody sees a batch fail.
USERS = {"batch": 0.0, "python": 0.5, "go": 0.5}
USERS_OF_OTHERS = 0.8


def simulate(world: SentryWorld, hours: float = 3) -> None:
    """Move the clock by `hours` and let things happen meanwhile.

    The first step has at least one of everything, a project whose slug changes included.
    """
    world.steps += 1
    random = Random(f"{world.seed}/{world.steps}")
    start = world.clock
    apart = Random(f"{world.seed}/{world.steps}/{MONOLITH.slug}")
    Simulation(world, random, apart).go_on(start + timedelta(hours=hours))
    upheavals(world, random, start)


class Simulation:
    """What users and teams do to the issues of `world`; those of the monolith are drawn from `apart`."""

    def __init__(self, world: SentryWorld, random: Random, apart: Random) -> None:
        self.world = world
        self.random = random
        self._together, self._apart = random, apart
        self._deeds = {
            "happen": self._happen,
            "linger": self._linger,
            "regress": self._regress,
            "reopen": self._reopen,
            "fix": self._fix,
            "archive": self._archive,
            "assign": self._assign,
            "raise": self._raise,
            "comment": self._comment,
            "escalate": self._escalate,
        }

    def go_on(self, until: datetime) -> None:
        """Let everything happen that happens from the world's clock to `until`, and set the clock to that."""
        world, since = self.world, self.world.clock
        while world.plans and world.plans[0].at <= until:
            plan = heappop(world.plans)
            world.set_clock(plan.at)
            issue = world.issues.get(plan.subject)
            project = issue.project if issue else world.projects.get(plan.subject)
            self.draw_for(project)
            if plan.deed == "error":
                self._error(project)
            elif issue and issue.status != "pending_deletion":
                self._deeds[plan.deed](issue, plan)
            elif project and not issue:
                self._release(project, plan)
        self.draw_for(None)
        world.set_clock(until)
        world.run_jobs()
        record_sessions(world, since, until)

    def draw_for(self, project: Project | None) -> None:
        """Draw from now on what happens to `project`."""
        is_apart = project is not None and home_of(project) is MONOLITH
        self.random = self._apart if is_apart else self._together

    def begin(self, project: Project, error: dict[str, Any]) -> Issue:
        """Create an issue of `project` now, and plan what comes of it."""
        release = self.running(project)
        amount, every = self.random.lognormvariate(0.5, 1.1), self.random.uniform(1, 14)
        count = max(1, int(amount))
        issue = self.world.create_issue(
            project,
            count=count,
            users=self._users(home_of(project), count),
            first_release=release,
            last_release=release,
            environment=environment_of(error["title"], error.get("priority"), 0),
            **error,
        )
        self._crash(issue, count)
        if self._is_forgotten(issue):
            self.plan(issue, "linger", self.world.clock, amount, self.random.uniform(20, 160))
        else:
            self.plan(issue, "happen", self._later(every), amount, every)
            self._plan_response(issue)
        return issue

    def plan(
        self,
        subject: Issue | Project,
        deed: str,
        at: datetime,
        amount: float = 1,
        every: float = 24,
    ) -> None:
        """Plan that `deed` happens at `at`, of so many events each time, again `every` so many hours or so."""
        heappush(self.world.plans, Plan(at, deed, subject.id, amount, every))

    # New issues

    def expect_errors(self, project: Project | None = None) -> None:
        """Plan the next new issue of `project`, or of all others together; each plans the one after it."""
        at, per_hour = self.world.clock, NEW_IN_MONOLITH if project else NEW_PER_HOUR
        while True:
            at += timedelta(hours=self.random.expovariate(per_hour))
            if self.random.random() < busyness(at):
                break
        heappush(self.world.plans, Plan(at, "error", project.id if project else ""))

    def _error(self, project: Project | None) -> None:
        """Let something new happen, in `project` or anywhere else."""
        chosen = project or self._where_code_is_new()
        self.begin(chosen, self._unheard_of(chosen))
        self.expect_errors(project)

    def _where_code_is_new(self) -> Project:
        """Most often code throws something new where a release has just changed it."""
        fresh: set[str] = set()
        for organization in self.world.organizations.values():
            for release in reversed(organization.releases):
                if self.world.clock - release.released_at > AFTER_RELEASE:
                    break
                fresh.update(release.project_ids)
        projects = list(self.world.projects.values())
        weights = [home_of(p).share * (2.5 if p.id in fresh else 1) for p in projects]
        return self.random.choices(projects, weights)[0]

    def _unheard_of(self, project: Project) -> dict[str, Any]:
        known = {(issue.title, issue.culprit) for issue in project.issues.values()}
        for _ in range(6):
            error = invent_error(self.random, home_of(project))
            if (error["title"], error["culprit"]) not in known:
                break
        return error

    def _is_forgotten(self, issue: Issue) -> bool:
        triage = home_of(issue.project).team in TRIAGES
        return not triage and not _is_urgent(issue) and self.random.random() < FORGOTTEN

    def _plan_response(self, issue: Issue) -> None:
        random, now, urgent = self.random, self.world.clock, _is_urgent(issue)
        if not urgent and random.random() < NOISE:
            self.plan(issue, "archive", at_work(random, self._later(random.uniform(1, 30))))
            return
        if not urgent and random.random() < 0.04:
            urgent = True
            self.plan(issue, "raise", at_work(random, self._later(1)))
        fixed = self._fixed_at(issue, now, urgent)
        self.plan(issue, "fix", fixed)
        for deed, share in (("assign", 0.65), ("comment", 0.15), ("escalate", 0.03)):
            if random.random() < share:
                soon = at_work(random, now + (fixed - now) * random.uniform(0.05, 0.8))
                self.plan(issue, deed, min(soon, fixed - timedelta(seconds=90)))

    def _fixed_at(self, issue: Issue, since: datetime, urgent: bool) -> datetime:
        home = home_of(issue.project)
        pace = PACE["high" if urgent else issue.priority or "medium"]
        hours = home.within * pace * self.random.lognormvariate(0, 0.7)
        if home.within <= ON_CALL_WITHIN and (urgent or self.random.random() < ON_CALL_TOO):
            return since + timedelta(hours=min(hours, ON_CALL_AT_MOST * home.within), minutes=9)
        if not urgent and home.team not in TRIAGES and self.random.random() < PUT_OFF:
            hours += 24 * self.random.uniform(5, 50)
        fixed = at_work(self.random, since + timedelta(hours=hours, minutes=9))
        if home.team in TRIAGES:
            fixed = min(fixed, next_triage(self.random, since, TRIAGES[home.team]))
        return fixed

    # What users do

    def _happen(self, issue: Issue, plan: Plan) -> None:
        """Let it happen, ever more rarely; what is archived may just end."""
        gone = issue.status == "ignored" and self.random.random() < 0.08
        if issue.status != "resolved" and not gone:
            self._add_events(issue, plan.amount)
            every = plan.every * 1.1
            self.plan(issue, "happen", self._later(every), plan.amount, every)

    def _linger(self, issue: Issue, plan: Plan) -> None:
        """Let happen what never stops until it is fixed."""
        if issue.status != "resolved":
            self._add_events(issue, plan.amount)
            self.plan(issue, "linger", self._later(plan.every), plan.amount, plan.every)

    def _regress(self, issue: Issue, plan: Plan) -> None:
        if issue.status == "resolved":
            self._add_events(issue, plan.amount)
            self.plan(issue, "happen", self._later(plan.every), plan.amount, plan.every)

    def _add_events(self, issue: Issue, amount: float) -> None:
        rhythm = WEEKEND_EVENTS if is_weekend(self.world.clock) else 1.0
        count = max(1, int(amount * rhythm * self.random.lognormvariate(0, 0.4)))
        users = self._users(home_of(issue.project), count)
        number = len(issue.events)
        self.world.add_events(
            issue,
            count,
            users=users,
            release=self.running(issue.project),
            environment=environment_of(issue.title, issue.priority, number),
        )
        self._crash(issue, count)

    def _crash(self, issue: Issue, count: int) -> None:
        """Let sessions end with what nobody caught."""
        is_used = home_of(issue.project).sessions and self.world.clock >= COUNTED_FROM
        if issue.is_unhandled and is_used and issue.events[-1].environment == PRODUCTION:
            self.world.record_sessions(issue.project, count, "crashed")

    def _users(self, home: Home, count: int) -> range:
        first = self.random.randrange(5000)
        share = USERS.get(home.kind, USERS_OF_OTHERS)
        return range(first, first + (max(1, int(count * share)) if share else 0))

    # What people do

    def _fix(self, issue: Issue, plan: Plan) -> None:
        random = self.random
        if issue.status != "unresolved":
            return
        release = self.running(issue.project)
        how: list[dict[str, Any]] = [{}] * 5
        how += [{"in_commit": f"{random.getrandbits(160):040x}"}, {"in_next_release": True}]
        how += [{"in_release": release}] if release else []
        self.world.resolve(issue, by=self.person(issue), **random.choice(how))
        deeds = ["regress", "reopen", ""]
        shares = [REGRESSED, REOPENED, 1 - REGRESSED - REOPENED]
        [deed] = random.choices(deeds, shares)
        if deed:
            back = self._later(random.uniform(5, 200))
            back = at_work(random, back) if deed == "reopen" else back
            self.plan(issue, deed, back, random.lognormvariate(0.5, 1), random.uniform(2, 14))
            self.plan(issue, "fix", self._fixed_at(issue, back, _is_urgent(issue)))

    def _reopen(self, issue: Issue, plan: Plan) -> None:
        if issue.status == "resolved":
            self.world.unresolve(issue, by=self.person(issue))

    def _archive(self, issue: Issue, plan: Plan) -> None:
        if issue.status == "unresolved":
            forever = self.random.random() < 0.3
            self.world.archive(issue, by=self.person(issue), forever=forever)

    def _assign(self, issue: Issue, plan: Plan) -> None:
        if issue.status != "unresolved":
            return
        person = self.person(issue)
        teams = [self.world.teams[team] for team in issue.project.team_ids]
        if teams and self.random.random() < 0.25:
            self.world.assign(issue, teams[0], by=person)
        else:
            self.world.assign(issue, self.person(issue), by=person)

    def _raise(self, issue: Issue, plan: Plan) -> None:
        if issue.status == "unresolved":
            self.world.set_priority(issue, "high", by=self.person(issue))

    def _comment(self, issue: Issue, plan: Plan) -> None:
        self.world.comment(issue, "Looking into it", by=self.person(issue))

    def _escalate(self, issue: Issue, plan: Plan) -> None:
        if issue.status == "unresolved":
            self.world.set_substatus(issue, "escalating")

    def person(self, issue: Issue) -> Member:
        """Return who deals with `issue`: who it is assigned to, or somebody of the team."""
        members = self.world.organizations[issue.project.organization].members
        if issue.assignee:
            for member in members:
                if member.user_id == issue.assignee.id:
                    return member
        team = PEOPLE.get(home_of(issue.project).team, ())
        return self.random.choice([m for m in members if m.name in team] or members[:1])

    # Releases

    def _release(self, project: Project, plan: Plan) -> None:
        """Release the next version, such as @26.44.0 in week 44, and @26.44.1 when that is mended."""
        week = f"{project.slug}@{self.world.clock:%g.%V}"
        releases = self.world.organizations[project.organization].releases
        number = sum(release.version.startswith(f"{week}.") for release in releases)
        self.world.publish_release([project], f"{week}.{number}")
        if plan.every:
            self.plan(project, "release", plan.at + timedelta(hours=plan.every), 1, plan.every)

    def running(self, project: Project) -> str | None:
        """Return the latest release of `project`."""
        releases = self.world.organizations[project.organization].releases
        return next((r.version for r in reversed(releases) if project.id in r.project_ids), None)

    def _later(self, hours: float) -> datetime:
        """Return a moment after about so many hours, when users are awake."""
        spread = self.random.uniform(0.5, 1.5)
        return awake(self.random, self.world.clock + timedelta(hours=hours * spread))


def _is_urgent(issue: Issue) -> bool:
    return issue.priority == "high" or issue.level == "fatal"
