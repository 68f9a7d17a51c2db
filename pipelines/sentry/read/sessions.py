"""Sessions per project and UTC day, and how many of them crashed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pipelines.sentry.dialect import Dialect
from pipelines.sentry.http.client import Row, SentryApi
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.read.error_events import projects_at_once
from pipelines.sentry.rows import releases as rows

# Sentry refuses more at once, or leaves out what is beyond. A point is a day of a project and a status.
_POINTS, _STATUSES = 10_000, 5


def read_sessions(
    api: SentryApi,
    organization: str,
    dialect: Dialect,
    by_first_day: dict[date, list[str]],
    as_of: datetime,
    workers: Workers,
) -> list[Row]:
    """Return rows of `project_daily_sessions` of the projects, each from its first day to that of as_of."""
    path, end = f"organizations/{organization}/sessions/", as_of.date() + timedelta(days=1)
    everything = sum(map(len, by_first_day.values()))
    tasks = [
        (first, chunk)
        for first, ids in by_first_day.items()
        for chunk in projects_at_once(
            ids, everything, dialect, _POINTS // (_STATUSES * (end - first).days)
        )
    ]
    wanted = {project_id for ids in by_first_day.values() for project_id in ids}

    def one(task: tuple[date, list[str]]) -> list[Row]:
        first, chunk = task
        question = {
            "field": "sum(session)",
            "groupBy": ["project", "session.status"],
            "interval": "1d",
            "start": f"{first.isoformat()}T00:00:00",
            "end": f"{end.isoformat()}T00:00:00",
            "project": chunk,
        }
        return rows.sessions(api.get(path, question), path, organization, wanted)

    return [row for found in workers.map(one, tasks) for row in found]
