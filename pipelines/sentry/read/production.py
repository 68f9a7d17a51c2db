"""What happens in production: the environments that a server knows, and events per project and UTC day in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from pipelines.sentry.dialect import Dialect
from pipelines.sentry.errors import BadRequestError, NotFoundError
from pipelines.sentry.http.client import Row, SentryApi, require_list
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.plan import FUTURE
from pipelines.sentry.read.error_events import ALL_PROJECTS, count_events, projects_at_once
from pipelines.sentry.rows import releases as rows


def known_environments(api: SentryApi, organization: str, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of the environments that the organization has: Sentry answers 404 where one of them is unknown.

    Raises NotFoundError, with those that there are, if it has none of them.
    """
    path = f"organizations/{organization}/environments/"
    names = []
    for row in require_list(api.get(path), path):
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            raise BadRequestError(f"{path}: expected environments with names.")
        names.append(row["name"])
    found = tuple(name for name in wanted if name in names)
    if not found:
        there = ", ".join(sorted(name for name in names if name)[:10]) or "none"
        raise NotFoundError(
            f"PRODUCTION_ENVIRONMENTS names {', '.join(wanted)}; its environments are: {there}."
        )
    return found


def read_production_days(
    api: SentryApi,
    organization: str,
    dialect: Dialect,
    environments: tuple[str, ...],
    by_first_day: dict[date, list[str]],
    as_of: datetime,
    workers: Workers,
) -> list[Row]:
    """Return rows of `project_daily_production_events` of the projects, each from its first day to that of as_of."""
    everything = sum(map(len, by_first_day.values()))
    tasks = [
        (first, ids, chunk)
        for first, ids in by_first_day.items()
        for chunk in projects_at_once(ids, everything, dialect)
    ]

    def one(task: tuple[date, list[str], list[str]]) -> list[Row]:
        first, ids, chunk = task
        found = count_events(
            api,
            organization,
            {
                "field": ["project.id", "timestamp.to_day", "count()"],
                # The cursor is the number of a row: what is new comes last.
                "sort": ["timestamp.to_day", "project.id"],
                "environment": environments,
                "project": chunk,
            },
            datetime(first.year, first.month, first.day),
            as_of + FUTURE,
        )
        named = ids if chunk == ALL_PROJECTS else chunk
        days = [first + timedelta(days=n) for n in range((as_of.date() - first).days + 1)]
        path = f"organizations/{organization}/events/"
        return rows.production_days(found, organization, path, named, days)

    return [row for found in workers.map(one, tasks) for row in found]
