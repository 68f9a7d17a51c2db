"""Events per project and UTC day, from the best place that a server has.

First stats_v2 (what Sentry accepted), then the older per-project stats (what it received); where there is neither,
the sums of what the issue listings told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipelines.sentry.api import SentryApi
from pipelines.sentry.errors import (
    BadRequestError,
    ChangedTypeError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
)
from pipelines.sentry.plan import RETENTION
from pipelines.sentry.workers import Workers

Row = dict[str, Any]

_PROJECTS_PER_REQUEST = 100
# Accepted events of a day can still grow after midnight: pipelines lag.
_DAYS_AGAIN = 1
_CANNOT = (BadRequestError, EndpointMissingError, ForbiddenError, NotFoundError)


def days_to_read(since: datetime | None, as_of: datetime) -> list[date]:
    """Return the UTC days whose counts may have changed since the last sync, oldest first; all kept days at first."""
    start = since - timedelta(days=_DAYS_AGAIN) if since else as_of - RETENTION
    first = max(start.date(), (as_of - RETENTION).date())
    return [first + timedelta(days=n) for n in range((as_of.date() - first).days + 1)]


def read_project_days(
    api: SentryApi,
    organization: str,
    projects: dict[str, str],
    days: list[date],
    workers: Workers,
) -> list[Row] | None:
    """Return rows of `project_daily_events` for every project (id -> slug) and day; None if no endpoint has them.

    Days without events are returned as 0, so that a correction downwards arrives too.
    """
    if not projects or not days:
        return []
    for read in (_accepted, _accepted_hourly, _received):
        try:
            with api.session.patience_of(attempts=2 if read is not _accepted else 4):
                counts, source = read(api, organization, projects, days, workers)
        except _CANNOT:
            continue
        return [
            {
                "project_id": project_id,
                "date_on": day,
                "organization_slug": organization,
                "event_count": counts.get((project_id, day), 0),
                "event_source": source,
            }
            for project_id in projects
            for day in days
        ]
    return None


Counts = dict[tuple[str, date], int]


def _accepted(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> tuple[Counts, str]:
    """Ask stats_v2: day by day for all projects, or project by project for all days, whichever is fewer requests."""
    path = f"organizations/{organization}/stats_v2/"
    question = {
        "field": "sum(quantity)",
        "category": "error",
        "outcome": "accepted",
        "interval": "1d",
    }
    ids = list(projects)
    chunks = [ids[i : i + _PROJECTS_PER_REQUEST] for i in range(0, len(ids), _PROJECTS_PER_REQUEST)]
    if len(days) * len(chunks) <= len(ids):

        def one_day(task: tuple[date, list[str]]) -> Counts:
            day, chunk = task
            body = api.get(
                path, question | _span(day, day) | {"groupBy": "project", "project": chunk}
            )
            groups = _grouped(body, path)
            with _understanding(path, groups):
                return {
                    (str(group["by"]["project"]), day): int(group["totals"]["sum(quantity)"])
                    for group in groups
                }

        results = workers.map(one_day, [(day, chunk) for day in days for chunk in chunks])
    else:

        def one_project(project_id: str) -> Counts:
            # A group per outcome is the least that brings a series.
            body = api.get(
                path,
                question | _span(days[0], days[-1]) | {"groupBy": "outcome", "project": project_id},
            )
            _grouped(body, path)
            return _series(body, path, project_id)

        results = workers.map(one_project, ids)
    return {key: count for result in results for key, count in result.items()}, "stats_v2"


def _accepted_hourly(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> tuple[Counts, str]:
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
    return {key: count for result in results for key, count in result.items()}, "stats_v2"


def _received(
    api: SentryApi, organization: str, projects: dict[str, str], days: list[date], workers: Workers
) -> tuple[Counts, str]:
    """Ask the older per-project stats, present since Sentry 8."""

    def one(project_id: str) -> Counts:
        path = f"projects/{organization}/{projects[project_id]}/stats/"
        since, until = (int(_midnight(day).timestamp()) for day in (days[0], days[-1]))
        points = api.get(
            path, {"stat": "received", "resolution": "1d", "since": since, "until": until + 86399}
        )
        with _understanding(path, points):
            return {(project_id, _day(second)): int(count) for second, count in points}

    results = workers.map(one, list(projects))
    return {key: count for result in results for key, count in result.items()}, "project_stats"


def _series(body: Any, path: str, project_id: str) -> Counts:
    """Sum the series of all groups per UTC day."""
    counts: Counts = {}
    groups = _groups(body, path)
    with _understanding(path, body):
        for group in groups:
            series = group.get("series", {}).get("sum(quantity)", [])
            for moment, count in zip(body["intervals"], series, strict=True):
                day = datetime.fromisoformat(moment).astimezone(UTC).date()
                key = (project_id, day)
                counts[key] = counts.get(key, 0) + int(count or 0)
    return counts


@contextmanager
def _understanding(path: str, body: Any) -> Iterator[None]:
    """Turn what does not fit into a ChangedTypeError that names the endpoint."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise ChangedTypeError(
            f"project_daily_events: {path} answers in another shape than expected "
            f"({type(error).__name__}: {error}): {body!r:.80}"
        ) from None


def _groups(body: Any, path: str) -> list[Any]:
    if not isinstance(body, dict) or not isinstance(body.get("groups"), list):
        raise ChangedTypeError(f"project_daily_events: {path}: expected groups, got {body!r:.80}.")
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
