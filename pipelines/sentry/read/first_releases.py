"""In which release Sentry first saw issues, of a hundred new ones with one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import NamedTuple

from pipelines.sentry.dialect import Dialect
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.plan import BATCH, FUTURE, RETENTION
from pipelines.sentry.read.error_events import ALL_PROJECTS, count_events
from pipelines.sentry.rows.typed import Fields

_MARGIN = timedelta(hours=1)


class Unasked(NamedTuple):
    """An issue whose first release is not known."""

    issue_id: str
    project_id: str
    event_count: int | None


def within_reach(as_of: datetime) -> datetime:
    """Return since when an issue must be new for all its events to be kept, so that the first can be asked for."""
    return as_of - RETENTION + _MARGIN


def batches(issues: Iterable[Unasked], dialect: Dialect) -> Iterator[list[Unasked]]:
    """Yield the issues as they are asked for together."""
    for _, some in groupby(issues, lambda i: None if dialect.many_projects else i.project_id):
        while batch := list(islice(some, BATCH)):
            yield batch


def of_many(
    api: SentryApi, organization: str, dialect: Dialect, issues: Sequence[Unasked], as_of: datetime
) -> dict[str, str | None]:
    """Return the first release of each issue of which the server showed every event; None: they name no release."""
    found = count_events(
        api,
        organization,
        {
            "field": ["issue.id", "release", "min(timestamp)", "count()"],
            "query": f"issue.id:[{','.join(issue.issue_id for issue in issues)}]",
            "sort": ["issue.id", "release"],
            "project": ALL_PROJECTS if dialect.many_projects else [issues[0].project_id],
        },
        as_of - RETENTION,
        as_of + FUTURE,
    )
    counts: defaultdict[str, int] = defaultdict(int)
    releases: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in found:
        fields = Fields("issues", row)
        issue_id, version = fields.key("issue.id"), fields.text("release")
        counts[issue_id] += fields.whole("count()") or 0
        if version and (moment := fields.moment("min(timestamp)")):
            releases[issue_id].append((moment, version))
    return {
        issue.issue_id: min(releases[issue.issue_id])[1] if releases[issue.issue_id] else None
        for issue in issues
        if issue.event_count and counts[issue.issue_id] >= issue.event_count
    }
