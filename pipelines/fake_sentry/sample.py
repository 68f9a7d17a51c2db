"""The sample world: the organization `acme`, whose projects the example catalog maps, on a Monday morning.

Twenty developers in eight teams run an online shop. About thirty new issues come up on a working day, most of them
after a release, and about as many are fixed; weekends are quiet, and Monday morning has something to catch up on.
Payments, sign-in and checkout mean to fix within a day and are on call for what is urgent; other teams take a week.
Some teams go through everything at the end of each week and have nothing old; the others put off or forget what is not
loud, so a few of their issues are months old. What nobody can help, a lost connection, is archived. A tenth of what
happens is in staging, and urgent for nobody.

What happened of late stands in `troubles`, how the world goes on in `simulation`; the words are in `vocabulary`, the
people in `company`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from pipelines.fake_sentry.company import HOMES, MONOLITH, OWNERSHIP, PEOPLE, SWITCHED_OFF, Home
from pipelines.fake_sentry.entities import Issue, OwnershipRule, Project, SentryOrganization
from pipelines.fake_sentry.sentry_world import START, SentryWorld
from pipelines.fake_sentry.simulation import Simulation, simulate
from pipelines.fake_sentry.troubles import TROUBLES, Trouble
from pipelines.fake_sentry.vocabulary import CURIOSITIES, invent_error, invent_noise

STEP = 3  # hours
# Sentry remembers 90 days; by then the world has found its pace.
BEGIN = START - timedelta(days=120)
BY_AGE = timedelta(days=30)
SELF_RESOLVING = {"avatar-worker", SWITCHED_OFF}
RELEASE_DAYS = (2, 4, 3)  # after the Sunday of BEGIN, team by team
RELEASE_EVERY = {"batch": timedelta(weeks=3), "apple-ios": timedelta(weeks=2)}
RELEASE_EVERY_OTHER = timedelta(weeks=1)
FORGOTTEN_LONG_AGO = {"checkout-web": 2, "checkout-api": 1, "shop-gateway": 3, "etl-jobs": 3}
FORGOTTEN_LONG_AGO |= {"report-builder": 1, "refund-worker": 2}


def sample_world(seed: int = 7, steps: int = 0) -> SentryWorld:
    """Return the sample world, `steps` times three hours after its start; equal seeds, equal worlds."""
    world = SentryWorld(BEGIN, seed)
    random = Random(seed)
    life = Simulation(world, random, Random(f"{seed}/{MONOLITH.slug}"))
    acme = world.create_organization("acme", name="Acme")
    for name in sorted(name for team in PEOPLE.values() for name in team):
        world.create_member(acme, name)
    world.create_member(acme, "Milo Invited", pending=True)
    projects = _create_projects(world, life, acme)
    for home in HOMES:
        _create_old_issues(world, life, projects[home.slug], home)
    life.expect_errors()
    _create_monolith(world, life, acme, projects["auth-api"])
    _go_on_until_start(world, life, projects)
    _create_other_categories(world, projects["checkout-web"], projects["checkout-api"])
    # Sentry deletes what it has not seen for 90 days, and nobody here ever heard of it.
    world.cleanup()
    world.departed.clear()
    for _ in range(steps):
        simulate(world, STEP)
    return world


def _create_projects(
    world: SentryWorld, life: Simulation, acme: SentryOrganization
) -> dict[str, Project]:
    teams = {slug: world.create_team(acme, slug, member_count=len(PEOPLE[slug])) for slug in PEOPLE}
    projects = {}
    for number, home in enumerate(HOMES):
        project = world.create_project(
            acme,
            home.slug,
            platform=home.platform,
            teams=[teams[home.team]],
            created_at=START - timedelta(days=700 - 11 * number),
        )
        rules = OWNERSHIP.get(home.slug, ())
        world.set_ownership(
            project, [OwnershipRule(words, f"team:{teams[team].id}") for words, team in rules]
        )
        project.is_member = home.team != "growth"
        project.resolve_age = BY_AGE if home.slug in SELF_RESOLVING else None
        projects[home.slug] = project
        if home.slug != SWITCHED_OFF:
            day = RELEASE_DAYS[list(PEOPLE).index(home.team) % len(RELEASE_DAYS)]
            first = BEGIN + timedelta(days=day, minutes=10 * (number % 7) + 20)
            every = RELEASE_EVERY.get(home.kind, RELEASE_EVERY_OTHER)
            life.plan(project, "release", first, every=every / timedelta(hours=1))
    return projects


def _create_monolith(
    world: SentryWorld, life: Simulation, acme: SentryOrganization, sibling: Project
) -> None:
    project = world.create_project(
        acme,
        MONOLITH.slug,
        platform=MONOLITH.platform,
        teams=[world.teams[team] for team in sibling.team_ids],
        created_at=START - timedelta(days=710),
    )
    life.draw_for(project)
    life.expect_errors(project)
    life.plan(project, "release", BEGIN + timedelta(days=2, minutes=5), every=24 * 7)
    life.draw_for(None)


def _create_old_issues(world: SentryWorld, life: Simulation, project: Project, home: Home) -> None:
    """Create what never stops: archived noise, and what was forgotten long ago."""
    random = life.random
    if home.slug == SWITCHED_OFF:
        return
    for _ in range(2 + (home.share > 5)):
        first = BEGIN - timedelta(days=random.uniform(20, 300))
        issue = _old_issue(world, random, project, first, invent_noise(random, home))
        archived = first + timedelta(days=random.uniform(1, 9))
        world.archive(issue, by=life.person(issue), forever=random.random() < 0.5, at=archived)
        amount = (home.share + 2) * random.uniform(1, 2.4)
        life.plan(issue, "linger", BEGIN + timedelta(hours=random.uniform(0, 24)), amount)
    for _ in range(FORGOTTEN_LONG_AGO.get(home.slug, 0)):
        first = START - timedelta(days=random.uniform(95, 420))
        error = invent_error(random, home) | {"level": "error", "priority": "low"}
        if first < BEGIN:
            issue = _old_issue(world, random, project, first, error)
            life.plan(issue, "linger", BEGIN, random.uniform(1, 9), random.uniform(40, 200))


def _old_issue(
    world: SentryWorld, random: Random, project: Project, first: datetime, error: dict[str, Any]
) -> Issue:
    issue = world.create_issue(
        project, count=random.randrange(20, 900), at=first, received_at=first, **error
    )
    issue.substatus = "ongoing"
    return issue


def _go_on_until_start(world: SentryWorld, life: Simulation, projects: dict[str, Project]) -> None:
    """Let four months pass, with what the story is about."""
    for trouble in sorted(TROUBLES):
        _go_on(life, trouble.at)
        _begin_trouble(world, life, projects[trouble.slug], trouble)
    for number, title in enumerate(CURIOSITIES):
        _go_on(life, START - timedelta(hours=11 - 2 * number))
        error = {"title": title, "priority": "medium"}
        life.begin(projects[HOMES[number].slug], error)
    _go_on(life, START)


def _go_on(life: Simulation, until: datetime) -> None:
    """Go on day by day, as Sentry's jobs run."""
    world = life.world
    while world.clock < until:
        for project in world.projects.values():
            if project.slug not in (SWITCHED_OFF, MONOLITH.slug):
                world.drop_events(project, life.random.randrange(1, 20))
        life.go_on(min(until, world.clock + timedelta(days=1)))


def _begin_trouble(
    world: SentryWorld, life: Simulation, project: Project, trouble: Trouble
) -> None:
    kind, _, value = trouble.title.partition(": ")
    issue = world.create_issue(
        project,
        trouble.title,
        count=3,
        culprit=trouble.culprit,
        level=trouble.level,
        priority="high",
        metadata={"type": kind, "value": value},
        is_unhandled=True,
        first_release=life.running(project),
        last_release=life.running(project),
    )
    world.assign(issue, life.person(issue), by=life.person(issue))
    if trouble.amount:
        life.plan(issue, "linger", world.clock, trouble.amount, 1)
    for at in trouble.fixed:
        life.plan(project, "release", at - timedelta(minutes=5), every=0)
        life.plan(issue, "fix", at)
    for at in trouble.back:
        life.plan(issue, "regress", at, trouble.amount, 1)


def _create_other_categories(world: SentryWorld, web: Project, api: Project) -> None:
    for number in range(6):
        at = START - timedelta(days=3 * number + 1)
        text = "I could not pay with my card"
        fields: dict[str, Any] = {
            "category": "feedback",
            "issue_type": "feedback",
            "event_type": "generic",
        }
        world.create_issue(web, f"User Feedback: {text}", at=at, received_at=at, **fields)
    for number, table in enumerate(("orders", "coupons", "addresses")):
        at = START - timedelta(days=5 * number + 2)
        world.create_issue(
            api,
            "N+1 Query",
            culprit=f"/api/{table}/",
            count=40 * (number + 1),
            users=20,
            at=at,
            received_at=at,
            level="info",
            priority="low",
            category="db_query",
            issue_type="performance_n_plus_one_db_queries",
            event_type="transaction",
            metadata={"title": "N+1 Query", "value": f"SELECT * FROM {table} WHERE id = %s"},
        )
