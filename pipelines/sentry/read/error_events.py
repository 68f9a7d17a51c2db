"""Numbers of error events by their fields: `/organizations/{o}/events/`, as current Sentry has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pipelines.sentry import bounds
from pipelines.sentry.dialect import Dialect
from pipelines.sentry.http.client import Params, Row, SentryApi

# Project ids in one address; with other parameters they stay below what proxies let through.
PROJECTS_PER_REQUEST = 100
ALL_PROJECTS = ["-1"]


def count_events(
    api: SentryApi, organization: str, params: Params, start: datetime, end: datetime
) -> Iterator[Row]:
    """Yield the rows that the fields asked for give, of events from `start` until before `end`."""
    question = {
        "dataset": "errors",
        "per_page": 100,
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        **params,
    }
    path = f"organizations/{organization}/events/"
    for page in api.pages(path, question, bounds.EVENT_PAGES, rows_in="data"):
        yield from page.rows


def projects_at_once(
    ids: list[str], everything: int, dialect: Dialect, most: int | None = None
) -> list[list[str]]:
    """Return the ids as the requests name them: all that there are at once, or `most` at a time, or each alone.

    `everything` is how many projects can be read.
    """
    if not dialect.many_projects:
        return [[project_id] for project_id in ids]
    if len(ids) == everything and (most is None or len(ids) <= most):
        return [ALL_PROJECTS]
    size = min(most or PROJECTS_PER_REQUEST, PROJECTS_PER_REQUEST)
    return [ids[i : i + size] for i in range(0, len(ids), size)]
