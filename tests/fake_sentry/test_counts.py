"""Which events a number counts."""

from __future__ import annotations

from datetime import timedelta

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import START, SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.fake_sentry.plain_client import ISSUES, Client


def test_an_issue_without_events_in_the_window_is_not_listed(
    world: SentryWorld, api: Project, client: Client
) -> None:
    old = world.create_issue(api, at=START - timedelta(days=20))
    new = world.create_issue(api, at=START - timedelta(hours=2))
    window = {"start": "2026-11-01T09:00:00", "end": "2026-11-02T09:00:00"}

    assert client.all_ids(query="", **window) == [new.id]
    assert client.all_ids(query="", statsPeriod="30d") == [new.id, old.id]


def test_the_window_starts_with_its_start_and_ends_before_its_end(
    world: SentryWorld, api: Project, client: Client
) -> None:
    at_start = world.create_issue(api, at=START - timedelta(hours=2))
    world.create_issue(api, at=START - timedelta(hours=1))
    window = {"start": "2026-11-02T07:00:00", "end": "2026-11-02T08:00:00"}

    assert client.all_ids(query="", **window) == [at_start.id]


def test_counts_are_of_the_window_and_lifetime_of_all_time(
    world: SentryWorld, api: Project, client: Client
) -> None:
    first = START - timedelta(days=200, microseconds=-123456)
    issue = world.create_issue(api, count=7, users=range(0, 4), at=first, received_at=first)
    world.add_events(issue, 2, users=range(3, 5), at=START - timedelta(days=3))
    world.add_events(issue, 1, users=range(4, 5), at=START - timedelta(minutes=30))

    (row,) = client.rows(ISSUES, query="", start="2026-11-02T08:00:00", end="2026-11-02T09:00:00")

    assert (row["count"], row["userCount"]) == ("1", 1)
    assert row["firstSeen"] == row["lastSeen"] == "2026-11-02T08:30:00Z"
    assert (row["lifetime"]["count"], row["lifetime"]["userCount"]) == ("10", 2)
    assert row["lifetime"]["firstSeen"] == "2026-04-16T09:00:00.123456Z"


def test_a_window_before_the_retention_is_empty_and_one_that_reaches_into_it_is_clamped(
    world: SentryWorld, api: Project, client: Client
) -> None:
    ancient = START - timedelta(days=100)
    issue = world.create_issue(api, at=ancient)
    world.add_events(issue, at=START - timedelta(days=1))

    assert (
        client.rows(ISSUES, query="", start="2026-07-01T00:00:00", end="2026-07-31T00:00:00") == []
    )
    (row,) = client.rows(ISSUES, query="", start="2025-01-01T00:00:00", end="2026-11-02T00:00:00")
    assert row["count"] == "1"


def test_an_issue_whose_events_expired_is_listed_nowhere_but_read_by_id(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api, count=5)
    world.advance(days=91)

    (row,) = client.rows(ISSUES, group=issue.id)

    assert client.all_ids(query="") == []
    assert (row["count"], row["userCount"], row["lastSeen"]) == ("5", 0, None)


def test_collapsed_stats_leave_no_counts_and_an_empty_period_no_sparkline(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.create_issue(api)

    (row,) = client.rows(ISSUES, query="", collapse=["stats", "unhandled"])
    (bare,) = client.rows(ISSUES, query="", groupStatsPeriod="")

    assert not {
        "count",
        "userCount",
        "firstSeen",
        "lastSeen",
        "stats",
        "lifetime",
        "isUnhandled",
    } & set(row)
    assert "stats" not in bare


def test_the_fortnight_sparkline_has_a_bucket_per_utc_day(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api, count=2, at=START - timedelta(days=13, hours=9))
    world.add_events(issue, 3, at=START - timedelta(days=14))
    world.add_events(issue, 5, at=START - timedelta(minutes=1))

    (row,) = client.rows(ISSUES, query="", groupStatsPeriod="14d", statsPeriod="1h")

    days = row["stats"]["14d"]
    assert len(days) == 14
    assert all(epoch % 86_400 == 0 for epoch, _ in days)
    assert [count for _, count in days] == [2] + [0] * 12 + [5]


def test_events_come_newest_first_and_once_each(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api, count=4, at=START - timedelta(days=1))
    world.add_events(issue, 3)

    events = [e for page in client.pages(f"{ISSUES}{issue.id}/events/", per_page=2) for e in page]

    assert len({event["eventID"] for event in events}) == 7
    assert [event["dateCreated"] for event in events] == ["2026-11-02T09:00:00Z"] * 3 + [
        "2026-11-01T09:00:00Z"
    ] * 4


def test_stats_by_project_are_totals_and_otherwise_a_series(
    world: SentryWorld, api: Project, web: Project, client: Client
) -> None:
    world.create_issue(api, count=5)
    late = world.create_issue(web, count=2, at=START - timedelta(days=4))  # counted when it arrived
    world.delete_issue(late)
    world.drop_events(api, 9)
    path, window = (
        "organizations/acme/stats_v2/",
        {"start": "2026-11-01T00:00:00", "end": "2026-11-03T00:00:00"},
    )
    asked = {
        "field": "sum(quantity)",
        "category": "error",
        "interval": "1d",
        "project": -1,
        **window,
    }

    by_project = client.get(path, groupBy="project", outcome="accepted", **asked).json()["groups"]
    by_outcome = client.get(path, groupBy="outcome", **asked).json()["groups"]

    assert {g["by"]["project"]: g["totals"]["sum(quantity)"] for g in by_project} == {
        int(api.id): 5,
        int(web.id): 2,
    }
    assert not any("series" in group for group in by_project)
    assert {g["by"]["outcome"]: g["series"]["sum(quantity)"] for g in by_outcome} == {
        "accepted": [0, 7],
        "filtered": [0, 9],
    }
    assert client.get(path, **asked).status_code == 400


def test_the_older_stats_tell_received_and_stored_apart(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.create_issue(api, count=5)
    world.drop_events(api, 9)
    asked = {"resolution": "1d", "since": START.timestamp() - 86_400, "until": START.timestamp()}

    received = client.get("projects/acme/api/stats/", stat="received", **asked).json()
    stored = client.get("projects/acme/api/stats/", stat="generated", **asked).json()

    assert [count for _, count in received] == [0, 14]
    assert [count for _, count in stored] == [0, 5]


def test_just_after_ingest_the_order_is_newer_than_the_counts(
    world: SentryWorld, api: Project
) -> None:
    quiet = world.create_issue(api, count=3, at=START - timedelta(days=2))
    recent = world.create_issue(api, at=START - timedelta(days=1))
    world.add_events(quiet, 2, at=START - timedelta(seconds=5), buffered=True)
    with FakeSentry(world, "sentry9") as sentry:
        client = Client(sentry)
        first, second = client.rows("projects/acme/api/issues/")
        world.advance(minutes=1)
        later = client.rows("projects/acme/api/issues/")[0]

    assert [first["id"], second["id"]] == [quiet.id, recent.id]
    assert (first["count"], first["lastSeen"]) == ("3", "2026-10-31T09:00:00.000Z")
    assert (later["count"], later["lastSeen"]) == ("5", "2026-11-02T08:59:55.000Z")
