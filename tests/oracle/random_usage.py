"""Random releases, sessions, users and production: drawn from streams of their own, so that nothing else moves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random

from .ground_truth import DAY, GroundTruth, Issue, Project, Run
from .raw_world import Row

# It can do none of this.
WITHOUT = "glitchtip-co"
VERSIONS = (
    "backend@2.1.0",
    "backend@2.0.9+build.7",
    "@shop/cart@1.0.0-rc.1",
    "8f14e45fceea167a5a36dedd4bea2543",
    "app@1.0@beta",
    "web@3",
)
# One of those that brought issues is listed no more, and one that is brought none.
LISTED = (*VERSIONS[1:], "quiet@1")
# Sessions per day: none at all, too few to measure, and enough.
SESSIONS = (0, 40, 200, 5000, 5000, 5000)
CRASHES = (0, 0.004, 0.005, 0.01, 0.02, 0.03)


def production_of(issue: Issue, run: Run, organization: str, before: bool | None) -> bool | None:
    """Whether a sync that asks about the open issue finds it in production."""
    if organization == WITHOUT:
        return before
    return Random(f"production {issue.first_seen} {run.index}").choice([True, True, False, None])


def introduced_in(issue: Issue, run: Run) -> Row:
    """What the syncs know of the issue's first release by then; the budget lets some wait."""
    rng = Random(f"release {issue.issue_id} {issue.first_seen}")
    read_in, version = rng.choice([0, 0, 1, 2, 9]), rng.choice([None, *VERSIONS])
    if run.index < read_in:
        return {"first_release": None, "first_release_read_at": None}
    return {"first_release": version, "first_release_read_at": issue.first_seen + 9 * DAY}


def said_by(kind: str, issue: Issue, at: datetime) -> str | None:
    """The JSON of an activity: that of a regression may name the release."""
    version = Random(f"regression {issue.issue_id} {at}").choice([None, "", *VERSIONS])
    named = {"set_regression": {"version": version}, "set_resolved_in_release": {"version": "no"}}
    return json.dumps(named.get(kind, {}))


def usage_rows(project: Project, runs: tuple[Run, ...]) -> Iterator[tuple[str, Row]]:
    """(table, row) of events in production, and of sessions, per day after these runs."""
    rng = Random(f"usage {project.project_id} {runs[0].started}")
    share, sends = rng.choice([0, 0.5, 1]), rng.choice([False, False, True, True, True])
    crashes, most = rng.choice(CRASHES), rng.choice(SESSIONS)
    first, last = rng.choice([6, 7, 13, 29, 59, 70]), rng.choice([-2, -1, 0, 0, 2])
    found: dict[tuple[str, str], Row] = {}
    today = max(runs[-1].started.values()).date()
    for ago in range(first, last - 1, -1):
        skipped, count = rng.random() < 0.2, rng.choice([most, most // 2])
        day = today - ago * DAY
        for run in runs:
            organization = project.organization(run.index)
            is_read = day <= run.started[organization].date() + DAY
            if organization in {*run.failed, WITHOUT} or not is_read or skipped:
                continue
            row = {
                "project_id": project.project_id,
                "date_on": day,
                "organization_slug": organization,
            }
            # Of umbrella, production was asked for until some days ago.
            asked = organization != "umbrella" or ago > 4
            events = int(share * project.events.get(day, 0)) if ago < 50 else None
            if asked:
                found["project_daily_production_events", str(day)] = row | {"event_count": events}
            if sends:
                sessions = {"sessions": count, "crashed_sessions": round(crashes * count)}
                found["project_daily_sessions", str(day)] = row | sessions
    yield from ((table, row) for (table, _), row in found.items())


def release_rows(truth: GroundTruth, last: int) -> Iterator[tuple[str, Row]]:
    """(table, row) of the releases that the syncs up to `last` have listed."""
    for organization in truth.organizations:
        homes = [each for each in truth.projects if each.organization(0) == organization]
        for number, version in enumerate(LISTED):
            rng = Random(f"releases {organization} {version} {truth.runs[0].started}")
            since, until = rng.choice([0, 0, 1, 2]), rng.choice([None, DAY, 5 * DAY])
            created = truth.runs[0].started[organization] - rng.randrange(40) * DAY
            listed = last >= since and homes and organization != WITHOUT
            for project in rng.sample(homes, k=min(len(homes), 3)) if listed else ():
                yield (
                    "releases",
                    {
                        "organization_slug": organization,
                        "release_id": str(900 + number),
                        "version": version,
                        "project_id": project.project_id,
                        "created_at": created,
                        "released_at": created + until if until else None,
                        "first_event_at": created + DAY / 24,
                        "last_event_at": created + rng.randrange(9) * DAY,
                        "new_issues": rng.choice([None, 0, 0, 4, 60]),
                    },
                )


def user_rows(products: Iterable[Row], truth: GroundTruth, last: int) -> Iterator[tuple[str, Row]]:
    """(table, row) of the users of products, as the syncs up to `last` have left them."""
    for product in products:
        for organization in truth.organizations[:4]:
            rng = Random(f"users {product['product_id']} {organization}")
            for window, most in ((7, 900), (30, 3000)):
                counted_in = [
                    run
                    for run in truth.runs[: last + 1]
                    if organization not in run.failed and rng.random() < 0.7
                ]
                if not counted_in:
                    continue
                yield (
                    "product_users",
                    {
                        "organization_slug": organization,
                        "product_id": product["product_id"],
                        "window_days": window,
                        "user_count": rng.randrange(most),
                        "observed_at": counted_in[-1].started[organization]
                        - rng.choice([timedelta(0), DAY - timedelta(minutes=5), DAY]),
                    },
                )
