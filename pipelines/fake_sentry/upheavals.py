"""What is rarer in the sample world than errors and fixes: merges, deletions, projects that come and go."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from pipelines.fake_sentry.company import MONOLITH, RENAMES, SWITCHED_OFF, at_work, home_of
from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.vocabulary import invent_error

NEW_PROJECTS = {4: "checkout-android"}
CLOSED_PROJECTS = {12: "chatbot-poc"}
OFFLINE = timedelta(days=5)  # at most


def upheavals(world: SentryWorld, random: Random, start: datetime) -> None:
    """Let happen what else happens between `start` and the world's clock; in the first step, each at least once."""
    _offline_phones(world, random, start)
    for issue in [i for i in world.issues.values() if i.status == "pending_deletion"]:
        world.delete_issue(issue)
    is_first = world.steps == 1
    is_working_time = at_work(random, start) == start
    if is_first or (is_working_time and random.random() < 0.3):
        _delete(world, random)
    if is_first or (is_working_time and random.random() < 0.3):
        _merge(world, random)
    if is_first:
        _once(world, random, start)
    for project in world.projects.values():
        if project.slug not in (SWITCHED_OFF, MONOLITH.slug):
            world.drop_events(project, random.randrange(1, 5))
    _projects(world, random)


def _offline_phones(world: SentryWorld, random: Random, start: datetime) -> None:
    """Let phones that were offline tell late what happened to them."""
    quiet = [
        issue
        for issue in _of_status(world, "unresolved")
        if start - OFFLINE < issue.last_seen < start and issue.last_seen > issue.first_seen
    ]
    phones = [issue for issue in quiet if issue.platform == "apple-ios"] or quiet
    for issue in random.sample(phones, min(2, len(phones))):
        before = (issue.last_seen - issue.first_seen) * random.random()
        world.add_events(issue, 1, at=issue.first_seen + before)


def _once(world: SentryWorld, random: Random, start: datetime) -> None:
    """Make sure of a regression, an archived and an assigned issue, whatever was planned."""
    resolved = [i for i in _of_status(world, "resolved") if i.resolved_at and i.resolved_at < start]
    world.add_events(random.choice(resolved), 2, users=2)
    low = [
        issue
        for issue in _of_status(world, "unresolved")
        if issue.priority != "high" and issue.substatus != "regressed" and issue.first_seen < start
    ]
    archived, assigned = random.sample(low, 2)
    person = world.organizations[archived.project.organization].members[1]
    world.archive(archived, by=person)
    world.assign(assigned, person, by=person)


def _delete(world: SentryWorld, random: Random) -> None:
    """Delete what was only a test: one at once, one by Sentry's next job."""
    minor = [i for i in _of_status(world, "unresolved") if i.priority == "low"]
    if len(minor) > 1:
        one, another = random.sample(minor, 2)
        world.delete_issue(one)
        world.start_deletion(another)


def _merge(world: SentryWorld, random: Random) -> None:
    """Merge three issues that are one."""
    project = max(world.projects.values(), key=lambda p: len(p.issues))
    open_issues = [i for i in project.issues.values() if i.status == "unresolved"]
    minor = [i for i in open_issues if i.priority != "high"]
    if len(minor) > 2:
        parent, *children = random.sample(minor, 3)
        members = world.organizations[project.organization].members
        world.merge(children, parent, by=members[0])


def _projects(world: SentryWorld, random: Random) -> None:
    slugs = {project.slug: project for project in world.projects.values()}
    old, new = RENAMES.get(world.steps, ("", ""))
    if old in slugs:
        world.rename_project(slugs[old], new)
    sibling = slugs.get("checkout-api")
    if (slug := NEW_PROJECTS.get(world.steps)) and slug not in slugs and sibling:
        organization = world.organizations[sibling.organization]
        teams = [world.teams[team] for team in sibling.team_ids]
        project = world.create_project(organization, slug, platform="android", teams=teams)
        world.create_issue(project, count=4, users=3, **invent_error(random, home_of(project)))
    if gone := slugs.get(CLOSED_PROJECTS.get(world.steps, "")):
        world.delete_project(gone)


def _of_status(world: SentryWorld, status: str) -> list[Issue]:
    return [
        issue
        for issue in world.issues.values()
        if issue.status == status and issue.project.slug != MONOLITH.slug
    ]
