"""Worlds by the hundred thousand issues, plain and quick to build, for benchmarks."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from pipelines.fake_sentry.sentry_world import SentryWorld


def bulk_world(
    issues: int = 100_000,
    projects: int = 200,
    open_ratio: float = 0.2,
    organizations: int = 1,
    days: int = 85,
    seed: int = 7,
) -> SentryWorld:
    """Return a world of `organizations` (bulk-1, ...) that share `projects` and `issues` evenly.

    Every issue has one to three batches of events within the last `days`, none in the last hour; all but `open_ratio`
    of them are resolved, half a day after the last event at most. A third of the issues is of staging alone; projects
    have a release and ten sessions a day. Equal seeds, equal worlds.
    """
    random = Random(seed)
    world = SentryWorld(seed=seed)
    owners = [world.create_organization(f"bulk-{n + 1}") for n in range(organizations)]
    homes = [
        world.create_project(
            owners[n % organizations],
            f"project-{n + 1:04}",
            created_at=world.clock - timedelta(days=days + 10),
        )
        for n in range(projects)
    ]
    for home in homes:
        world.publish_release([home], f"{home.slug}@1.0.0")
        for day in range(days):
            world.record_sessions(home, 10, at=world.clock - timedelta(days=day))
    seconds, newest = days * 86_400, world.clock - timedelta(hours=1)
    for n in range(issues):
        ages = sorted((random.randrange(seconds) for _ in range(1 + n % 3)), reverse=True)
        moments = [newest - timedelta(seconds=age) for age in ages]
        environment = "production" if n % 3 else "staging"
        release = f"project-{n % projects + 1:04}@1.0.0"
        issue = world.create_issue(
            homes[n % projects],
            f"ValueError: bad input {n}",
            count=1 + n % 7,
            at=moments[0],
            received_at=moments[0],
            environment=environment,
            first_release=release,
        )
        for at in moments[1:]:
            world.add_events(
                issue,
                1 + n % 5,
                at=at,
                received_at=at,
                environment=environment,
                release=release,
            )
        if random.random() >= open_ratio:
            age = timedelta(seconds=random.randrange(60, 43_200))
            world.resolve(issue, at=min(moments[-1] + age, newest))
    return world
