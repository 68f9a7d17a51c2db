"""The sample world: the organization `acme`, whose projects the example catalog maps, after 90 days of work.

What belongs here: how such a world comes about. How it goes on is in `life`, its words in `vocabulary`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from pipelines.fake_sentry.entities import Issue, Member, Organization, Project, Release, Team
from pipelines.fake_sentry.life import live
from pipelines.fake_sentry.vocabulary import CURIOSITIES, HOMES, PEOPLE, Home, invent_error
from pipelines.fake_sentry.world import ONGOING_AFTER, START, World

ISSUES = 3000
DAYS = 90
STEP = 3  # hours
MAX_BATCHES = 60
RELEASE_EVERY = timedelta(days=9)
BY_AGE = timedelta(days=30)
# The share of what nobody happened to close that a team still clears away: teams differ.
DILIGENCE = {"supply": 0.99, "support": 1.0, "data": 0.97, "identity": 0.9, "payments": 0.85}
DILIGENCE_OF_OTHERS = 0.7
SELF_RESOLVING = {"avatar-worker", "nightly-reports"}


def sample_world(seed: int = 7, steps: int = 0) -> World:
    """Return the sample world, `steps` times three hours after its start; equal seeds, equal worlds."""
    world = World(START, seed)
    random = Random(seed)
    acme = world.create_organization("acme", name="Acme")
    people = [world.create_member(acme, name) for name in PEOPLE]
    world.create_member(acme, "Milo Invited", pending=True)
    homes = _create_projects(world, acme)
    planned = sorted(
        (
            (_first_moment(random), home)
            for home in HOMES
            for _ in range(ISSUES * home.share // sum(h.share for h in HOMES))
        ),
        key=lambda plan: plan[0],
    )
    for first, home in planned:
        project, team = homes[home.slug]
        issue = _create_issue(world, random, project, home, first)
        _settle(world, random, issue, people, team)
    for number, title in enumerate(CURIOSITIES):
        project = homes[HOMES[number].slug][0]
        at = START - timedelta(days=number + 1, hours=3)
        world.create_issue(project, title, count=3 + number, at=at, received_at=at)
    _create_other_categories(world, homes["checkout-web"][0], homes["checkout-api"][0])
    for project, _ in homes.values():
        for day in range(DAYS):
            world.drop_events(project, random.randrange(1, 20), START - timedelta(days=day))
    for _ in range(steps):
        live(world, STEP)
    return world


def _create_projects(world: World, acme: Organization) -> dict[str, tuple[Project, Team]]:
    teams = {home.team: None for home in HOMES}
    owners = {slug: world.create_team(acme, slug, member_count=2 + len(slug) % 5) for slug in teams}
    homes = {}
    for number, home in enumerate(HOMES):
        project = world.create_project(
            acme,
            home.slug,
            platform=home.platform,
            teams=[owners[home.team]],
            created_at=START - timedelta(days=700 - 11 * number),
        )
        project.is_member = home.team != "growth"
        project.resolve_age = BY_AGE if home.slug in SELF_RESOLVING else None
        homes[home.slug] = (project, owners[home.team])
        at, minor = START - timedelta(days=DAYS, hours=number), 0
        while at < START:
            acme.releases.append(Release(_version(home.slug, minor), at, (project.id,)))
            at, minor = at + RELEASE_EVERY, minor + 1
    return homes


def _create_issue(
    world: World, random: Random, project: Project, home: Home, first: datetime
) -> Issue:
    error = invent_error(random, home)
    total = min(int(random.lognormvariate(1.9, 2.0)) + 1, 60_000)
    users = max(1, min(total, int(total ** random.uniform(0.3, 0.9))))
    moments = _moments(random, first, total)
    issue = world.create_issue(
        project,
        count=max(1, total // len(moments)),
        users=users,
        at=first,
        received_at=first,
        first_release=_release_at(home, first),
        last_release=_release_at(home, moments[-1]),
        **error,
    )
    for at in moments[1:]:
        start = random.randrange(users)
        count = max(1, int(total / len(moments) * random.uniform(0.3, 1.7)))
        span = range(start, min(users * 2, start + count))
        world.add_events(issue, count, users=span, at=at, received_at=at)
    issue.substatus = "new" if START - first < ONGOING_AFTER else "ongoing"
    return issue


def _settle(world: World, random: Random, issue: Issue, people: list[Member], team: Team) -> None:
    """Let people do with the issue what they do: assign, resolve, archive, reopen."""
    quiet = START - issue.last_seen
    after = issue.last_seen + min(quiet, timedelta(hours=random.expovariate(1 / 30))) * 0.9
    person = random.choice(people)
    if random.random() < 0.4:
        assignee = team if random.random() < 0.3 else person
        soon = issue.first_seen + (after - issue.first_seen) * random.random()
        world.assign(issue, assignee, by=random.choice(people), at=soon)
    if random.random() < 0.05:
        world.set_priority(issue, "high", by=person, at=after)
    age = issue.project.resolve_age
    if age and quiet > age:
        world.resolve(issue, by_age=True, at=issue.last_seen + age)
        return
    # The longer an issue is quiet, the likelier someone has closed it.
    fate = random.random() * (0.9 + quiet / timedelta(days=30))
    if fate > 0.75:
        _resolve(world, random, issue, person, after)
    elif fate < 0.06:
        world.archive(issue, by=person, forever=random.random() < 0.3, at=after)
    elif fate < 0.10 and quiet > timedelta(hours=6):
        _resolve(world, random, issue, person, after)
        back = after + (START - after) * random.uniform(0.1, 0.8)
        world.add_events(issue, random.randrange(1, 9), users=3, at=back, received_at=back)
        if fate < 0.085:
            again = back + (START - back) * random.uniform(0.1, 0.9)
            _resolve(world, random, issue, person, again)
    _clear_away(world, random, issue, person, team)


def _clear_away(world: World, random: Random, issue: Issue, person: Member, team: Team) -> None:
    """Close what is still open though it is more than a day or two old, as thoroughly as the team works."""
    age = START - issue.opened_at
    is_old = age > timedelta(hours=random.uniform(12, 60))
    if issue.status != "unresolved" or not is_old:
        return
    if random.random() < DILIGENCE.get(team.slug, DILIGENCE_OF_OTHERS):
        newest = max(issue.last_seen, issue.opened_at)
        at = newest + (START - newest) * random.uniform(0.05, 0.5)
        if random.random() < 0.2:
            world.archive(issue, by=person, forever=False, at=at)
        else:
            _resolve(world, random, issue, person, at)


def _resolve(world: World, random: Random, issue: Issue, person: Member, at: datetime) -> None:
    how: list[dict[str, Any]] = [{}] * 6
    how += [{"in_release": issue.last_release}, {"in_commit": f"{random.getrandbits(160):040x}"}]
    world.resolve(issue, by=person, at=at, **random.choice(how))


def _create_other_categories(world: World, web: Project, api: Project) -> None:
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


def _first_moment(random: Random) -> datetime:
    """Return when an issue was first seen: mostly within 90 days, one in fifty long before."""
    if random.random() < 0.02:
        return _at_work(random, START - timedelta(days=random.randrange(DAYS, 3 * DAYS)))
    return _at_work(random, START - timedelta(days=random.uniform(0.5, DAYS - 2)))


def _moments(random: Random, first: datetime, total: int) -> list[datetime]:
    """Return when the issue happened, from `first` on: most fade, some last until today."""
    left = START - timedelta(minutes=10) - first
    lasting = left if random.random() < 0.3 else left * min(1.0, random.expovariate(3))
    if first < START - timedelta(days=DAYS - 2):
        lasting = left
    many = min(total, MAX_BATCHES, 1 + int(total**0.5) + lasting.days // 2)
    moments = {first}
    for _ in range(many - 1):
        at = _at_work(random, first + lasting * random.random())
        if first < at < START:
            moments.add(at)
    if lasting is left:
        moments.add(START - left * random.uniform(0, 0.05) - timedelta(minutes=7))
    return sorted(m for m in moments if m >= first)


def _at_work(random: Random, at: datetime) -> datetime:
    """Return a moment of about that day when people shop and code: by day, less on weekends."""
    if at.weekday() >= 5 and random.random() < 0.6:
        at -= timedelta(days=random.choice((2, 3)))
    second = int(random.triangular(0, 86_399, 50_000))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    moved = midnight + timedelta(seconds=second, microseconds=random.randrange(1_000_000))
    return moved if moved < START else at.replace(microsecond=0)


def _release_at(home: Home, at: datetime) -> str:
    number = HOMES.index(home)
    since = at - (START - timedelta(days=DAYS, hours=number))
    return _version(home.slug, max(0, since // RELEASE_EVERY))


def _version(slug: str, minor: int) -> str:
    return f"{slug}@4.{minor}.0"
