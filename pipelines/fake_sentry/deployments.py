"""Where the code of the sample world runs, and how often people use it: of what is, and not of chance.

Nothing here draws a random number, so that the story goes on as it would without.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zlib import crc32

from pipelines.fake_sentry.company import busyness, home_of
from pipelines.fake_sentry.issue_state import RETENTION, hour_of
from pipelines.fake_sentry.sentry_world import START, SentryWorld

PRODUCTION, STAGING = "production", "staging"
# Of a thousand errors, so many are of staging alone; of a thousand times that another happens, so many there.
ONLY_STAGING, ALSO_STAGING = 90, 40
# As far back as Sentry remembers sessions.
COUNTED_FROM = START - RETENTION
# Of a hundred sessions, one ends with an error that somebody caught.
ERRORED = 100


def environment_of(title: str, priority: str | None, number: int) -> str:
    """Return where the events that come as `number` of an issue happen; what is urgent happens in production."""
    if priority == "high":
        return PRODUCTION
    if crc32(title.encode()) % 1000 < ONLY_STAGING:
        return STAGING
    return STAGING if crc32(f"{title}/{number}".encode()) % 1000 < ALSO_STAGING else PRODUCTION


def record_sessions(world: SentryWorld, since: datetime, until: datetime) -> None:
    """Let sessions of the projects that people use end, hour by hour."""
    hour = hour_of(max(since, COUNTED_FROM)) + timedelta(hours=1)
    usual = {project: home_of(project).sessions for project in world.projects.values()}
    used = [project for project, sessions in usual.items() if sessions]
    while hour <= until:
        for project in used:
            odds = 90 + crc32(f"{project.slug}{hour}".encode()) % 21
            count = int(usual[project] * busyness(hour) * odds / 100)
            world.record_sessions(project, count - count // ERRORED, at=hour)
            world.record_sessions(project, count // ERRORED, "errored", at=hour)
        hour += timedelta(hours=1)
