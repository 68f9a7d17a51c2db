"""Which requests a sync makes, and why. Pure: no HTTP, no database; it can be read and tested alone.

Nothing in Sentry's API says "changed since", and a resolve moves no timestamp. So an incremental sync reads
  * hot: every issue with an event since the last sync (with an overlap for late events),
  * open: every issue that is unresolved now; a known open issue that this listing no longer shows has been
    resolved, archived, merged or deleted, or had no event for 90 days, and is read again by its id;
and a full sync, when the last one is older than a day, reads
  * all: every issue with an event in the last 90 days, and by id every known issue that this did not show.
A project that has just come into view (new, moved here, access regained) is listed in full by an incremental sync too.
An id that a read by id does not return is looked up alone before it is called merged or deleted.

Listings use fixed absolute bounds (a relative window moves with every page) and order by first seen, which does not
change while one reads.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from pipelines.sentry.dialect import Dialect

Mode = Literal["full", "incremental"]
Reason = Literal["hot", "open", "all"]

RETENTION = timedelta(days=90)
# Events carry the time of the client: an hour covers buffering and clock skew, a day a server whose body and order
# disagree (Sentry 9) or that can only be read newest first (GlitchTip).
OVERLAP = timedelta(hours=1)
LONG_OVERLAP = timedelta(hours=24)
# Sentry accepts events so far ahead of its clock, and its own lists end there.
FUTURE = timedelta(minutes=1)
# Sentry searches many candidates within 30 s and then cuts off silently; smaller slices stay well below.
ROWS_PER_SLICE = 2000
SUSPICIOUS_SECONDS = 25.0
_SMALL = 500
_PROJECTS_PER_REQUEST = 100
BATCH = 100
_NARROWEST_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Listing:
    """One chain of pages: why it is read, which projects (empty: all), which window."""

    reason: Reason
    projects: tuple[str, ...]
    start: datetime
    end: datetime
    category: str | None = None
    environments: tuple[str, ...] = ()  # only issues with an event in one of them; none: all issues


def halves(
    listing: Listing, dialect: Dialect, project_ids: Sequence[str]
) -> tuple[Listing, Listing] | None:
    """Return two listings that together show the same rows; None when it cannot be split further."""
    projects = listing.projects or tuple(project_ids)
    if len(projects) > 1:
        middle = len(projects) // 2
        return (
            replace(listing, projects=projects[:middle]),
            replace(listing, projects=projects[middle:]),
        )
    # Only there is the window one of events: an issue is shown if it has one inside, and each event is in one half.
    is_windowed = dialect.listing == "organization"
    if is_windowed and listing.end - listing.start > 2 * _NARROWEST_WINDOW:
        middle_at = listing.start + (listing.end - listing.start) / 2
        return replace(listing, end=middle_at), replace(listing, start=middle_at)
    return None


class IssueToRead(NamedTuple):
    """An issue to be read by its id. `was_deleted`: that is what the warehouse calls it."""

    issue_id: str
    project_id: str
    was_deleted: bool


class Batch(NamedTuple):
    """Issues to be read with one request, of one project or (None) of any."""

    project_id: str | None
    issues: list[IssueToRead]


@dataclass(frozen=True)
class OrganizationState:
    """Where the last complete sync of an organization stood, by Sentry's clock (naive UTC)."""

    watermark: datetime | None = None
    full_sync_at: datetime | None = None


def choose_mode(state: OrganizationState, as_of: datetime, full_every: timedelta) -> Mode:
    """Return `full` for the first sync and when the last full one is `full_every` old."""
    if state.watermark is None or state.full_sync_at is None:
        return "full"
    return "full" if as_of - state.full_sync_at >= full_every else "incremental"


def listings(
    mode: Mode,
    dialect: Dialect,
    state: OrganizationState,
    as_of: datetime,
    project_ids: Sequence[str],
    weights: Mapping[str, Mapping[Reason, int]],
    concurrency: int,
    categories: Iterable[str] = (),
    new_projects: Set[str] = frozenset(),
) -> list[Listing]:
    """Return the listings of a sync.

    `weights` holds for each known project how many rows each listing showed or is expected to show; it only
    balances the slices and never decides what is read. `new_projects` are those among `project_ids` that the last
    sync could not read here.
    """
    windows: dict[Reason, datetime]
    if mode == "full":
        windows = {"all": as_of - RETENTION}
    else:
        overlap = OVERLAP if dialect.listing == "organization" else LONG_OVERLAP
        # A server's clock that was put back must not turn the window inside out.
        since = min(state.watermark or as_of, as_of) - overlap
        windows = {"hot": since, "open": as_of - RETENTION}
        if new_projects:
            windows["all"] = as_of - RETENTION
    end = as_of + FUTURE
    planned: list[Listing] = []
    for reason, start in windows.items():
        wanted = project_ids
        if mode == "incremental" and reason == "all":
            wanted = [project for project in project_ids if project in new_projects]
        expected = {project: weights.get(project, {}).get(reason, 0) for project in wanted}
        groups = slices(expected, dialect, concurrency)
        if groups == [()] and len(wanted) < len(project_ids):
            groups = [tuple(wanted)]
        for projects in groups:
            planned += [
                Listing(reason, projects, start, end, category) for category in (None, *categories)
            ]
    return planned


def production_listings(
    dialect: Dialect,
    state: OrganizationState,
    as_of: datetime,
    project_ids: Sequence[str],
    weights: Mapping[str, Mapping[Reason, int]],
    concurrency: int,
    categories: Iterable[str],
    environments: tuple[str, ...],
) -> list[Listing]:
    """Return the listings that show which of the open issues and of the hot ones have events in the environments."""
    planned = listings(
        "incremental", dialect, state, as_of, project_ids, weights, concurrency, categories
    )
    return [
        replace(listing, environments=environments)
        for listing in planned
        if listing.reason == "open" or state.watermark
    ]


def slices(weights: Mapping[str, int], dialect: Dialect, concurrency: int) -> list[tuple[str, ...]]:
    """Return groups of project ids, balanced by expected rows; the empty group means all projects at once."""
    if not weights:
        return []
    if dialect.listing == "glitchtip":
        return [()]  # its database answers at once; and all of its projects have no name like -1
    if not dialect.many_projects:
        return [(project,) for project in weights]
    total = sum(weights.values())
    if total == 0:
        count = max(4 * concurrency, -(-len(weights) // 5))
        if len(weights) <= concurrency:
            return [()]
    elif total <= _SMALL:
        return [()]
    else:
        count = max(concurrency, -(-total // ROWS_PER_SLICE))
    count = max(min(count, len(weights)), -(-len(weights) // _PROJECTS_PER_REQUEST))
    return balance(weights, count)


def balance(weights: Mapping[str, int], count: int) -> list[tuple[str, ...]]:
    """Return `count` groups of keys with nearly equal sums: the heaviest first, each into the lightest group."""
    groups: list[list[str]] = [[] for _ in range(count)]
    heap = [(0, 0, index) for index in range(count)]
    for key in sorted(weights, key=lambda k: (-weights[k], k)):
        rows, size, index = heapq.heappop(heap)
        groups[index].append(key)
        heapq.heappush(heap, (rows + weights[key], size + 1, index))
    return [tuple(group) for group in groups if group]


def request_of(
    listing: Listing, dialect: Dialect, organization: str, slugs: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return (path, parameters) of a listing. `slugs` gives each project's slug for per-project paths."""
    words = {"hot": [], "open": ["is:unresolved"], "all": []}[listing.reason]
    if listing.category:
        words = [*words, f"issue.category:{listing.category}"]
    if dialect.listing == "organization":
        # Numbers of an environment are not those of the issue, so there its id alone is wanted.
        details: dict[str, Any] = (
            {"environment": list(listing.environments), "collapse": ["stats", "unhandled"]}
            if listing.environments
            else {"groupStatsPeriod": "14d"}
        )
        return f"organizations/{organization}/issues/", {
            "project": list(listing.projects) or [-1],
            "query": " ".join(words),
            "sort": "new",
            "start": listing.start.isoformat(timespec="seconds"),
            "end": listing.end.isoformat(timespec="seconds"),
            **details,
            "limit": 100,
        }
    if dialect.listing == "glitchtip":
        order = "-last_seen" if listing.reason == "hot" else "-first_seen"
        return f"organizations/{organization}/issues/", {
            "project": list(listing.projects),
            "query": " ".join(words),
            "sort": order,
            "limit": 100,
        }
    if listing.reason == "hot":
        words = [*words, f"lastSeen:>={listing.start.isoformat(timespec='seconds')}"]
    return f"projects/{organization}/{slugs[listing.projects[0]]}/issues/", {
        "query": " ".join(words),
        "sort": "new",
        "statsPeriod": "14d",
        "limit": 100,
    }


def stops_at(listing: Listing, dialect: Dialect) -> datetime | None:
    """Return the last-seen time below which a newest-first listing need not be followed, None if all must be."""
    is_newest_first = dialect.listing == "glitchtip" and listing.reason == "hot"
    return listing.start if is_newest_first else None


def batches(issues: Iterable[IssueToRead], dialect: Dialect) -> Iterator[Batch]:
    """Yield the requests that read issues by id; those of a project come together."""
    size = BATCH if dialect.batch else 1
    for project, group in itertools.groupby(
        issues, lambda issue: None if dialect.many_projects else issue.project_id
    ):
        while batch := list(itertools.islice(group, size)):
            yield Batch(project, batch)
