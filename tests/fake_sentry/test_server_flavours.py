"""Each kind of server differs from the others as it was seen to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import START, SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.fake_sentry.plain_client import ISSUES, Client

GLITCHTIP_LINK = re.compile(
    r'<([^>]*)>;\s*rel="(\w+)";\s*results="(true|false)"(?:;\s*cursor="([^"]*)")?'
)


@contextmanager
def running(world: SentryWorld, flavour: str) -> Iterator[Client]:
    with FakeSentry(world, flavour) as sentry:
        yield Client(sentry)


def test_saas_says_its_limits_and_429_comes_without_retry_after(world: SentryWorld) -> None:
    with FakeSentry(world) as sentry:
        sentry.state.limits.per_second["issues"] = 3
        client = Client(sentry)
        sentry.state.limits.clock = lambda: 1_790_000_000.5
        answers = [client.get(ISSUES) for _ in range(5)]
        elsewhere = client.get("organizations/acme/projects/")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["X-Sentry-Rate-Limit-Remaining"] for answer in answers] == [
        "2",
        "1",
        "0",
        "0",
        "0",
    ]
    refused = answers[-1]
    assert "Retry-After" not in refused.headers
    assert refused.headers["X-Sentry-Rate-Limit-Reset"] == "1790000001"
    assert refused.headers["Content-Type"].startswith("text/html")
    assert "Limit is 3 requests in 1 seconds" in refused.json()["detail"]
    assert elsewhere.status_code == 200


def test_saas_refuses_too_many_requests_at_once(world: SentryWorld) -> None:
    with FakeSentry(world) as sentry:
        limits, client = sentry.state.limits, Client(sentry)
        limits.concurrent = 2
        # As if two requests were being answered.
        limits.enter("issues")
        limits.enter("issues")
        refused = client.get(ISSUES)
        limits.leave("issues")
        answered = client.get(ISSUES)

    assert (refused.status_code, answered.status_code) == (429, 200)
    assert "Concurrency limit is 2" in refused.json()["detail"]


@pytest.mark.parametrize("flavour", ["self-hosted", "sentry10", "sentry9", "glitchtip"])
def test_only_saas_speaks_of_limits(world: SentryWorld, flavour: str) -> None:
    with running(world, flavour) as client:
        assert not [name for name in client.get("organizations/").headers if "Rate-Limit" in name]


def test_sentry_10_has_windows_and_batches_but_not_the_new_fields(
    world: SentryWorld, api: Project
) -> None:
    issue = world.create_issue(api, count=3, at=START - timedelta(days=2, microseconds=-5))
    world.add_events(issue, at=START - timedelta(hours=1))
    with running(world, "sentry10") as client:
        (row,) = client.rows(ISSUES, project=-1, query="", statsPeriod="1d")
        assert row["count"] == "1"
        assert not {
            "lifetime",
            "substatus",
            "priority",
            "issueType",
            "isUnhandled",
            "filtered",
        } & set(row)
        (row,) = client.rows(ISSUES, group=issue.id)
        assert (row["count"], row["firstSeen"]) == ("4", "2026-10-31T09:00:00.000005Z")
        assert "activity" in client.get(f"{ISSUES}{issue.id}/").json()
        assert client.get(ISSUES, sort="user").status_code == 500
        assert client.get(ISSUES, query="is:archived").status_code == 400
        assert client.get(f"{ISSUES}{issue.id}/activities/").status_code == 404
        assert client.get("organizations/acme/stats_v2/").status_code == 404
        assert client.get("organizations/acme/", detailed=0).json().get("links") is None


def test_sentry_9_goes_project_by_project(world: SentryWorld, api: Project, web: Project) -> None:
    issue = world.create_issue(api, count=3, at=START - timedelta(days=20))
    other = world.create_issue(web)
    with running(world, "sentry9") as client:
        assert client.get(ISSUES, project=-1).status_code == 403
        assert client.get(ISSUES, project=[api.id, web.id]).status_code == 400
        assert client.get(ISSUES, project="api").status_code == 500
        assert client.get(ISSUES, cursor="x", project=api.id).status_code == 500
        outside = client.rows(
            ISSUES, project=api.id, start="2026-11-02T00:00:00", end="2026-11-02T09:00:00"
        )
        assert [(row["id"], row["count"]) for row in outside] == [(issue.id, "3")]
        assert [row["id"] for row in client.rows(ISSUES, project=web.id, group=issue.id)] == [
            other.id
        ]
        (row,) = client.rows("projects/acme/api/issues/", query="", statsPeriod="")
        assert row["firstSeen"] == "2026-10-13T09:00:00.000Z"
        assert "platform" not in row
        missing = client.get(f"{ISSUES}{issue.id}/")
        assert (missing.status_code, missing.content) == (404, b"")
        assert client.get(f"issues/{issue.id}/").json()["activity"][-1]["type"] == "first_seen"


def test_glitchtip_writes_its_link_header_as_a_set_and_ends_with_the_same_address(
    world: SentryWorld, api: Project
) -> None:
    for number in range(7):
        world.create_issue(api, at=START - timedelta(hours=number))
    with running(world, "glitchtip") as client:
        seen: list[str] = []
        params: dict[str, str] = {}
        for _ in range(4):
            response = client.get(ISSUES, limit=2, **params)
            seen += [row["id"] for row in response.json()]
            link = response.headers["Link"]
            assert link.startswith("{'<")
            assert link.endswith("'}")
            (address, _, more, cursor) = GLITCHTIP_LINK.findall(link)[1]
            params = {"cursor": cursor}

    assert seen == sorted(world.issues)
    assert (more, cursor) == ("false", "")
    assert address.endswith(ISSUES)


def test_glitchtip_goes_in_circles_among_more_than_a_hundred_ties(
    world: SentryWorld, api: Project
) -> None:
    for _ in range(170):
        world.create_issue(api)
    with running(world, "glitchtip") as client:
        cursors: list[str] = []
        for _ in range(6):
            response = client.get(
                ISSUES, sort="-count", **({"cursor": cursors[-1]} if cursors else {})
            )
            cursors.append(GLITCHTIP_LINK.findall(response.headers["Link"])[1][3])

    assert len(set(cursors)) < len(cursors)


def test_glitchtip_understands_other_questions(world: SentryWorld, api: Project) -> None:
    old = world.create_issue(api, at=START - timedelta(days=30))
    world.add_events(old, 4)
    closed = world.create_issue(api, at=START - timedelta(days=2))
    world.resolve(closed)
    with running(world, "glitchtip") as client:
        assert [row["id"] for row in client.rows(ISSUES)] == [old.id, closed.id]  # no default query
        assert client.rows(ISSUES, project=-1) == []
        assert client.rows(ISSUES, query="lastSeen:>2026-01-01") == []
        assert client.get(ISSUES, sort="date").status_code == 422
        assert client.get(ISSUES, cursor="x").status_code == 422
        assert client.get(ISSUES, query='"half').status_code == 500
        assert client.get(ISSUES, project="api").status_code == 500
        assert client.get("organizations/nobody/issues/").status_code == 500
        assert client.rows("projects/acme/nothing/issues/") == []
        recent = client.rows(ISSUES, start="2026-10-30T00:00:00", end="2026-11-03T00:00:00")
        assert [row["id"] for row in recent] == [closed.id]  # by first seen
        assert [row["id"] for row in client.rows(ISSUES, group=closed.id, id=closed.id)] == [
            closed.id
        ]
        (row,) = client.rows(ISSUES, id=old.id)
        assert (row["count"], row["userCount"], row["shortId"], row["stats"]) == (
            "5",
            0,
            "",
            {"24h": []},
        )
        assert not {"assignedTo", "platform", "priority", "lifetime", "isUnhandled"} & set(row)


def test_glitchtip_answers_with_web_pages_and_other_shapes(
    world: SentryWorld, api: Project
) -> None:
    issue = world.create_issue(api, count=3)
    world.merge([world.create_issue(api)], issue)
    (child,) = world.departed
    pending, deleted = world.create_issue(api), world.create_issue(api)
    world.start_deletion(pending)
    world.delete_issue(deleted)
    with running(world, "glitchtip") as client:
        page = client.get(f"{ISSUES}{issue.id}/activities/")
        assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (200, "text/html")
        assert client.get(f"{ISSUES}{issue.id}/").status_code == 405
        assert client.get(f"issues/{issue.id}/").json()["id"] == issue.id
        for hidden in (child, pending.id):
            assert client.rows(ISSUES, id=hidden) == []
            assert client.get(f"issues/{hidden}/").json()["status"] == "unresolved"
        assert client.get(f"issues/{deleted.id}/").status_code == 404
        assert client.rows("organizations/")[0]["id"] == 101
        assert isinstance(client.rows("organizations/acme/projects/")[0]["teams"][0]["id"], int)
        assert "name" not in client.rows("organizations/acme/teams/")[0]
        assert client.rows(f"issues/{issue.id}/events/")[0]["project_id"] == int(api.id)
        assert Client.get(client, "organizations/acme/stats_v2/").status_code == 422


def test_a_day_of_glitchtip_statistics_is_its_first_hour(world: SentryWorld, api: Project) -> None:
    for hour, count in ((0, 2), (5, 40)):
        at = START.replace(hour=hour)
        world.create_issue(api, count=count, at=at, received_at=at)
    asked = {
        "category": "error",
        "field": "sum(quantity)",
        "start": "2026-11-02T00:00:00",
        "end": "2026-11-03T00:00:00",
    }
    with running(world, "glitchtip") as client:
        totals = {
            interval: sum(
                client.get("organizations/acme/stats_v2/", interval=interval, **asked).json()[
                    "groups"
                ][0]["series"]["sum(quantity)"]
            )
            for interval in ("1h", "1d")
        }

    assert totals == {"1h": 42, "1d": 2}


def test_glitchtip_wants_another_word_for_a_wrong_token(world: SentryWorld) -> None:
    with FakeSentry(world, "glitchtip") as sentry:
        sentry.faults.add("429", match="issues")
        assert Client(sentry, token="wrong").get("organizations/").json() == {
            "detail": "Unauthorized"
        }
        throttled = Client(sentry).get(ISSUES)

    assert throttled.json() == {"message": "Please retry later"}
    assert throttled.headers["Retry-After"] == "1"
