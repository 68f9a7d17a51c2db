"""Random issues: when they were resolved, reopened, archived, merged or deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from .ground_truth import (
    ANNOUNCED,
    DAY,
    INSIGHT,
    INSTANT,
    READ_AFTER,
    Change,
    Gone,
    Issue,
    Project,
    Run,
)
from .random_catalog import TARGET_HOURS
from .random_traits import random_events, random_traits

OPEN_AGAIN = {
    "resolved": ("set_regression", "set_unresolved"),
    "ignored": ("set_unresolved", "set_escalating"),
}
RESOLVE = ("set_resolved", "set_resolved_in_release", ANNOUNCED[0])
# Almost the target of a product of priority high, and of a critical one.
OLDEST = {"fresh": timedelta(hours=6.9), "recent": timedelta(hours=23.9)}
NOISE = ("note", "assigned", "auto_set_ongoing", "set_priority", "mark_reviewed")


def random_issue(
    rng: Random,
    number: int,
    project: Project,
    runs: tuple[Run, ...],
    moments: list[datetime],
    earlier: list[Issue],
) -> Issue:
    """An issue of the project, first seen before as_of or just after; `moments` are worth hitting."""
    as_of = max(runs[-1].started.values())
    age = timedelta(days=rng.choice([1, 8, 30, 100]) * rng.random())
    first_seen = rng.choice([as_of - age, as_of - age, rng.choice(moments)])
    if project.mood in OLDEST:
        first_seen = as_of - OLDEST[project.mood] * rng.random() ** 0.2
    # Whether an announced resolve was one cannot be told of an issue that went away.
    goes = rng.random() < 0.12 and project.hidden_in is None
    stays = not goes and project.deleted_in is None and project.hidden_in is None
    changes = _changes(rng, first_seen, runs, moments, RESOLVE if stays else RESOLVE[:2])
    last_change = changes[-1].recorded_at if changes else first_seen
    gone = _gone(rng, last_change + 2 * READ_AFTER, as_of, earlier) if goes else None
    category = rng.choice(["error"] * 12 + ["performance", "feedback", "configuration"])
    reads_flip = tuple(rng.random() < 0.8 for _ in runs)
    backfilled_in = rng.choice([frozenset(), {0}, {1}, {2}, {3}])
    if project.organization(0) == INSIGHT:
        changes = tuple(change for change in changes if change.recorded_at <= as_of - DAY / 24)
        gone, category, reads_flip = None, "error", (True,) * len(runs)
        first_seen = min(first_seen, as_of - DAY / 12)
        backfilled_in = {run.index for run in runs}
    issue_id = str(50_000 + number)
    return Issue(
        issue_id=issue_id,
        project=project,
        first_seen=first_seen,
        changes=changes,
        noise=(
            *((first_seen + DAY * rng.random(), kind) for kind in rng.sample(NOISE, 2)),
            *(_announcements(rng, first_seen, changes) if stays else ()),
        ),
        gone=gone,
        category=category,
        count=rng.choice([rng.randrange(5000), rng.randrange(100_000)]),
        events=random_events(rng, as_of.date()),
        traits=random_traits(rng, issue_id, is_mild=project.mood != "any"),
        reads_flip=reads_flip,
        backfilled_in=frozenset(backfilled_in),
    )


def _changes(
    rng: Random,
    first_seen: datetime,
    runs: tuple[Run, ...],
    moments: list[datetime],
    resolving: tuple[str, ...],
) -> tuple[Change, ...]:
    status, activity, at, changes = "unresolved", "", first_seen, list[Change]()
    for _ in range(rng.choice([0, 0, 1, 2, 2, 3, 4, 6])):
        at = _later(rng, at, runs, moments)
        if at > max(runs[-1].started.values()) + READ_AFTER / 3:
            break
        was_open = status == "unresolved"
        if was_open:
            status = rng.choice(["resolved", "resolved", "resolved", "ignored"])
            activity = rng.choice(resolving) if status == "resolved" else "set_ignored"
        elif (
            activity not in ANNOUNCED and rng.random() < 0.3
        ):  # an archived issue resolved, or a resolve repeated in a release
            status, activity = "resolved", "set_resolved_in_release"
        else:
            activity = rng.choice(OPEN_AGAIN[status])
            status = "unresolved"
        changes.append(Change(at, status, activity, at))
        # Sentry resolves by age only what is unresolved.
        if was_open and status == "resolved" and rng.random() < 0.15:
            at += timedelta(hours=rng.uniform(1, 9))
            changes[-1] = Change(changes[-1].at, status, "set_resolved_by_age", at)
    return tuple(changes)


def _announcements(
    rng: Random, first_seen: datetime, changes: tuple[Change, ...]
) -> Iterator[tuple[datetime, str]]:
    """Commits that mention an open issue, before it is resolved or without effect."""
    opened_at, status = first_seen, "unresolved"
    for change in changes:
        closes = change.status == "resolved" and change.activity not in ANNOUNCED
        if status == "unresolved" and closes and rng.random() < 0.3:
            yield opened_at + (change.at - opened_at) * rng.random(), rng.choice(ANNOUNCED)
        opened_at, status = change.recorded_at, change.status
    if status == "unresolved" and rng.random() < 0.1:
        yield opened_at + DAY * 9 * rng.random(), rng.choice(ANNOUNCED)


def _later(
    rng: Random, after: datetime, runs: tuple[Run, ...], moments: list[datetime]
) -> datetime:
    start = rng.choice(list(rng.choice(runs).started.values()))
    target = timedelta(hours=rng.choice(TARGET_HOURS))
    candidates = [
        after + timedelta(hours=rng.expovariate(1 / 30)) + INSTANT,
        after + timedelta(days=rng.expovariate(1 / 10)) + INSTANT,
        after + target + rng.choice([timedelta(0), INSTANT, -INSTANT]),
        rng.choice(moments),
        start + READ_AFTER / 3,  # while a sync runs
        start - DAY / 48,  # just before one
    ]
    chosen = rng.choice(candidates)
    return chosen if chosen > after else candidates[0]


def _gone(rng: Random, after: datetime, as_of: datetime, earlier: list[Issue]) -> Gone:
    at = max(after, as_of - DAY * rng.uniform(0, 30))
    if earlier and rng.random() < 0.5:
        return Gone(at, "merged", rng.choice(earlier).issue_id, at)
    return Gone(at, "deleted", None, at + rng.choice([timedelta(0), DAY * 5]))
