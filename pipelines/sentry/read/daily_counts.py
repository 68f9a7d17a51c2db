"""Events per project and UTC day, from the best place that a server has.

First stats_v2 (what Sentry accepted), then the older per-project stats (what it received); where there is neither,
the sums of what the issue listings held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.sentry.errors import (
    BadRequestError,
    ChangedTypeError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    UnavailableError,
)
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.plan import RETENTION
from pipelines.sentry.rows.typed import as_count, kind, understood
from pipelines.sentry.schema import PROJECT_DAILY_EVENTS

Row = dict[str, Any]
Counts = dict[tuple[str, date], int]

TABLE = PROJECT_DAILY_EVENTS.name
_PROJECTS_PER_REQUEST = 100
# Accepted events of a day can still grow after midnight: pipelines lag.
_DAYS_AGAIN = timedelta(days=1)
_CANNOT = (BadRequestError, EndpointMissingError, ForbiddenError, NotFoundError)

# (project id, source) -> the last day whose count is known from there.
LastDays = Mapping[tuple[str, str], date]


def read_project_days(
    api: SentryApi,
    organization: str,
    projects: Mapping[str, str],
    counted: LastDays,
    as_of: datetime,
    workers: Workers,
    listed: Callable[[], Set[str]],
) -> list[Row] | None:
    """Return rows of `project_daily_events` for every project (id -> slug) and day; None if no endpoint has them.

    Reads each project from the last day known of it, or all kept days. Days without events are returned as 0, so that
    a correction downwards arrives too. `listed` asks which projects are there now: one that has just gone would make
    an endpoint fail for all. Raises UnavailableError where only a source worse than the one known would answer.
    """
    if not projects:
        return []
    known = {source for _, source in counted}
    failure: SentryError | None = None
    for read, source in _READERS:
        if failure and source == "project_stats" and "stats_v2" in known:
            break
        # A server may have none of them, and fail in its own way. Of a source that is known, a failure passes.
        attempts = 4 if read is _accepted_by_day else 2
        patience = nullcontext() if source in known else api.session.retrying(attempts)
        try:
            with patience:
                return [
                    row
                    for first, some in _by_first_day(projects, counted, source, as_of).items()
                    for row in _rows(
                        read, source, api, organization, some, _days(first, as_of), workers
                    )
                ]
        except _CANNOT as error:
            failure = error
            if isinstance(error, (ForbiddenError, NotFoundError)):
                remaining = {pid: projects[pid] for pid in projects.keys() & listed()}
                if len(remaining) < len(projects):
                    return read_project_days(
                        api, organization, remaining, counted, as_of, workers, listed
                    )
    if known & {"stats_v2", "project_stats"}:
        raise UnavailableError(
            f"{organization}: the events per day cannot be counted as they were before ({failure})"
        )
    return None


def _by_first_day(
    projects: Mapping[str, str], counted: LastDays, source: str, as_of: datetime
) -> dict[date, dict[str, str]]:
    """Return the projects by the first UTC day whose count may have changed since it was read."""
    oldest, today = (as_of - RETENTION).date(), as_of.date()
    found: dict[date, dict[str, str]] = {}
    for project_id, slug in projects.items():
        last = counted.get((project_id, source), date.min)
        first = max(oldest, min(last, today) - _DAYS_AGAIN) if last > oldest else oldest
        found.setdefault(first, {})[project_id] = slug
    return found


def _days(first: date, as_of: datetime) -> list[date]:
    return [first + timedelta(days=n) for n in range((as_of.date() - first).days + 1)]


def _rows(
    read: Callable[..., Counts],
    source: str,
    api: SentryApi,
    organization: str,
    projects: dict[str, str],
    days: list[date],
    workers: Workers,
) -> Iterator[Row]:
    counts = read(api, organization, projects, days, workers)
    for project_id in projects:
        for day in days:
            yield {
                "project_id": project_id,
                "date_on": day,
                "organization_slug": organization,
                "event_count": counts.get((project_id, day), 0),
                "event_source": source,
            }


_ACCEPTED = {
    "field": "sum(quantity)",
    "category": "error",
    "outcome": "accepted",
    "interval": "1d",
}


def _accepted_by_day(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> Counts:
    """Ask stats_v2 day by day for all projects, unless project by project is fewer requests."""
    path = f"organizations/{organization}/stats_v2/"
    ids = list(projects)
    chunks = [ids[i : i + _PROJECTS_PER_REQUEST] for i in range(0, len(ids), _PROJECTS_PER_REQUEST)]
    if len(days) * len(chunks) > len(ids):
        return _accepted_by_project(api, organization, projects, days, workers)

    def one(task: tuple[date, list[str]]) -> Counts:
        day, chunk = task
        body = api.get(path, _ACCEPTED | _span(day, day) | {"groupBy": "project", "project": chunk})
        groups = _grouped(body, path)
        with understood(TABLE, path, groups):
            return {
                (str(group["by"]["project"]), day): as_count(group["totals"]["sum(quantity)"])
                for group in groups
            }

    results = workers.map(one, [(day, chunk) for day in days for chunk in chunks])
    return {key: count for result in results for key, count in result.items()}


def _accepted_by_project(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> Counts:
    """Ask stats_v2 project by project for all days; some plans allow no more than one at a time."""
    path = f"organizations/{organization}/stats_v2/"

    def one(project_id: str) -> Counts:
        # A group per outcome is the least that brings a series.
        span = _span(days[0], days[-1])
        body = api.get(path, _ACCEPTED | span | {"groupBy": "outcome", "project": project_id})
        _grouped(body, path)
        return _series(body, path, project_id)

    results = workers.map(one, list(projects))
    return {key: count for result in results for key, count in result.items()}


def _accepted_hourly(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> Counts:
    """Ask stats_v2 as GlitchTip has it: by the hour (its days hold one hour only), at most 1,000 at a time."""
    path = f"organizations/{organization}/stats_v2/"
    step = 40
    spans = [(days[i], days[min(i + step, len(days)) - 1]) for i in range(0, len(days), step)]

    def one(task: tuple[str, tuple[date, date]]) -> Counts:
        project_id, (first, last) = task
        question = {"field": "sum(quantity)", "category": "error", "interval": "1h"}
        return _series(
            api.get(path, question | _span(first, last) | {"project": project_id}), path, project_id
        )

    results = workers.map(one, [(project_id, span) for project_id in projects for span in spans])
    return {key: count for result in results for key, count in result.items()}


def _received(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> Counts:
    """Ask the older per-project stats, present since Sentry 8."""

    def one(project_id: str) -> Counts:
        path = f"projects/{organization}/{projects[project_id]}/stats/"
        since, until = (int(_midnight(day).timestamp()) for day in (days[0], days[-1]))
        points = api.get(
            path, {"stat": "received", "resolution": "1d", "since": since, "until": until + 86399}
        )
        with understood(TABLE, path, points):
            return {(project_id, _day(second)): as_count(count) for second, count in points}

    results = workers.map(one, list(projects))
    return {key: count for result in results for key, count in result.items()}


# Best first: what was accepted, then what was received.
_READERS = (
    (_accepted_by_day, "stats_v2"),
    (_accepted_by_project, "stats_v2"),
    (_accepted_hourly, "stats_v2"),
    (_received, "project_stats"),
)


def _series(body: Any, path: str, project_id: str) -> Counts:
    """Sum the series of all groups per UTC day."""
    counts: Counts = {}
    groups = _groups(body, path)
    with understood(TABLE, path, body):
        for group in groups:
            series = group.get("series", {}).get("sum(quantity)", [])
            for moment, count in zip(body["intervals"], series, strict=True):
                day = datetime.fromisoformat(moment).astimezone(UTC).date()
                key = (project_id, day)
                counts[key] = as_count(counts.get(key, 0) + as_count(count or 0))
    return counts


def _groups(body: Any, path: str) -> list[Any]:
    if not isinstance(body, dict) or not isinstance(body.get("groups"), list):
        raise ChangedTypeError(f"project_daily_events: {path}: expected groups, got {kind(body)}.")
    return list(body["groups"])


def _grouped(body: Any, path: str) -> list[Any]:
    """Return the groups of an answer that really grouped; GlitchTip ignores groupBy, and its days lack hours."""
    groups = _groups(body, path)
    if any(isinstance(group, dict) and "by" not in group for group in groups):
        raise BadRequestError(f"{path} does not group on this server.")
    return groups


def _span(first: date, last: date) -> dict[str, str]:
    return {
        "start": f"{first.isoformat()}T00:00:00",
        "end": f"{(last + timedelta(days=1)).isoformat()}T00:00:00",
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(second: float) -> date:
    return datetime.fromtimestamp(second, UTC).date()
