"""Random projects and syncs, and the truth that they make with random issues."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from random import Random

from .ground_truth import DAY, INSIGHT, INSTANT, GroundTruth, Issue, Project, Run, Team
from .random_catalog import AREAS, KINDS, TARGET_HOURS, TEAMS
from .random_lives import random_issue


def random_truth(rng: Random, *, as_of: datetime, projects: int, issues: int) -> GroundTruth:
    """Four runs that end at `as_of`, over five organizations of which one has never synced."""
    organizations = ("acme", "umbrella", "glitchtip-co", INSIGHT, "never-synced")
    runs = _runs(rng, organizations, as_of)
    drawn = _projects(rng, projects, organizations[:4], runs)
    moments = _moments([run.started[organizations[0]] for run in runs], as_of)
    issue_list: list[Issue] = []
    speaking = [project for project in drawn if project.mood != "silent"]
    for number in range(issues):
        project = rng.choice(speaking)
        issue_list.append(random_issue(rng, number, project, runs, moments, issue_list))
    return GroundTruth(
        runs=runs,
        organizations=organizations,
        without_activities=frozenset({"glitchtip-co"}),
        projects=drawn,
        teams=_teams(rng, organizations, drawn),
        issues=tuple(issue_list),
    )


def _teams(
    rng: Random, organizations: tuple[str, ...], projects: tuple[Project, ...]
) -> tuple[Team, ...]:
    """Three teams per organization, each with some of its projects, of which some go again."""
    teams = []
    for number, (organization, slug) in enumerate(product(organizations, TEAMS[:3])):
        homes = [each for each in projects if organization in dict(each.organizations).values()]
        members = [each for each in homes if rng.random() < 0.5]
        teams.append(
            Team(
                team_id=str(300 + number),
                organization=organization,
                slug=slug,
                deleted_in=rng.choice([None, None, None, None, 1, 3]),
                projects=tuple(
                    (each, rng.choice([None, None, None, None, 1, 2, 3])) for each in members
                ),
            )
        )
    return tuple(teams)


def _runs(rng: Random, organizations: tuple[str, ...], as_of: datetime) -> tuple[Run, ...]:
    ages = [timedelta(days=rng.uniform(20, 45)), timedelta(days=rng.uniform(4, 12))]
    starts = [*(as_of - age for age in ages), as_of - timedelta(hours=3), as_of]
    runs = []
    for index, start in enumerate(starts):
        started = {
            organization: start - timedelta(seconds=7 * place)
            for place, organization in enumerate(organizations)
        }
        failed = {"never-synced"}
        if index == 1 or (index == 3 and rng.random() < 0.5):
            failed.add(rng.choice(organizations[1:3]))
        runs.append(Run(index, started, frozenset(failed), is_full=index != 2))
    return tuple(runs)


def _moments(starts: list[datetime], as_of: datetime) -> list[datetime]:
    """Times at which an off-by-one shows: window borders, days, months, SLA points."""
    borders = [start - days * DAY for start in starts[-2:] for days in (0, 6, 7, 8, 14, 15, 30, 60)]
    midnights = [
        datetime.combine(border.date(), datetime.min.time()) + shift
        for border in borders
        for shift in (timedelta(0), DAY)
    ]
    months = [midnight.replace(day=1) for midnight in midnights]
    deadlines = [
        as_of - timedelta(hours=hours) * share for hours in TARGET_HOURS for share in (0.5, 0.8, 1)
    ]
    exact = [*borders, *midnights, *months, *deadlines * 3]
    return [moment + shift for moment in exact for shift in (timedelta(0), INSTANT, -INSTANT)]


def _projects(
    rng: Random, count: int, organizations: tuple[str, ...], runs: tuple[Run, ...]
) -> tuple[Project, ...]:
    """Projects that never share a slug within an organization at one time, but may inherit one."""
    projects: list[Project] = []
    taken: set[tuple[int, str, str]] = set()
    while len(projects) < count:
        project = _project(rng, len(projects), organizations, runs)
        places = {
            (run.index, project.organization(run.index), project.slug(run.index)) for run in runs
        }
        if not places & taken:
            taken |= places
            projects.append(project)
    return tuple(projects)


def _project(
    rng: Random, number: int, organizations: tuple[str, ...], runs: tuple[Run, ...]
) -> Project:
    def slug() -> str:
        return f"{rng.choice(AREAS)}-{rng.choice(KINDS)}{rng.choice(['', '', '-eu', '-2'])}"

    slugs = [(0, slug())]
    for run in (1, 2, 3):
        if rng.random() < 0.15:
            slugs.append((run, rng.choice([slug(), slugs[0][1]])))
    homes = [(0, rng.choice(organizations))]
    if rng.random() < 0.1:
        homes.append((rng.choice([1, 3]), rng.choice(organizations)))
    deleted_in = rng.choice([None] * 25 + [1, 2, 3])
    hidden_in = rng.choice([None] * 18 + [(1, 3), (2, 9)])
    if INSIGHT in {organization for _, organization in homes}:
        homes, deleted_in, hidden_in = [(0, INSIGHT)], None, None
    mood = rng.choice(["any"] * 4 + ["mild", "mild", "recent", "fresh", "silent"])
    start = runs[-1].started[organizations[0]].date()
    days = rng.sample(range(-2, 75), k=rng.choice([0, 5, 40, 60]))
    events = {start - day * DAY: rng.choice([0, 1, 17, 400]) for day in days}
    if mood in ("recent", "fresh", "silent") and rng.random() < 0.6:
        # A hundred or nearly, and twice as many as the week before or a little more.
        week = rng.choice([48, 49, 50])
        more = rng.choice([0, 2, 300])
        events |= {start - day * DAY: 0 for day in range(14)}
        events |= {start - 13 * DAY: week, start - 7 * DAY: 0, start - 6 * DAY: 2 * week + more}
    return Project(
        project_id=str(1000 + number),
        slugs=tuple(slugs),
        organizations=tuple(homes),
        deleted_in=deleted_in,
        hidden_in=hidden_in,
        mood=mood,
        events=events,
    )
