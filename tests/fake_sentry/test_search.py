"""Which issues a listing shows, and how its pages end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import START, SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.fake_sentry.plain_client import ISSUES, Client


def test_without_a_query_only_unresolved_issues_come(
    world: SentryWorld, api: Project, client: Client
) -> None:
    still_open, closed = world.create_issue(api), world.create_issue(api)
    world.resolve(closed)

    assert client.all_ids(project=-1) == [still_open.id]
    assert set(client.all_ids(project=-1, query="")) == {still_open.id, closed.id}


def test_more_than_a_hundred_issues_per_page_are_silently_a_hundred(
    world: SentryWorld, api: Project, client: Client
) -> None:
    for _ in range(101):
        world.create_issue(api)

    assert len(client.rows(ISSUES, query="", limit=500)) == 100
    assert len(client.rows(ISSUES, query="", per_page=5)) == 100


def test_elsewhere_a_page_of_more_than_a_hundred_is_refused(client: Client) -> None:
    for per_page in (0, 101, "x"):
        response = client.get("organizations/acme/projects/", per_page=per_page)
        assert response.status_code == 400
        assert "between 1 and 100" in response.json()["detail"]


def test_the_last_page_names_a_next_page_that_has_no_results(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.create_issue(api)

    link = client.get(ISSUES, query="").links["next"]
    beyond = client.get(ISSUES, query="", cursor=link["cursor"])

    assert link["results"] == "false"
    assert beyond.json() == []
    assert beyond.links["next"]["results"] == "false"


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user"])
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_following_cursors_gives_every_issue_once(
    world: SentryWorld, api: Project, client: Client, sort: str, limit: int
) -> None:
    for number in range(14):  # many with equal scores
        at = START - timedelta(hours=number // 5)
        world.create_issue(api, at=at, count=1 + number // 4)

    ids = client.all_ids(project=-1, query="", sort=sort, limit=limit)

    assert sorted(ids) == sorted(world.issues)


def test_the_previous_cursor_leads_back(world: SentryWorld, api: Project, client: Client) -> None:
    for number in range(9):
        world.create_issue(api, at=START - timedelta(hours=number // 2))
    first = client.get(ISSUES, query="", limit=4)
    second = client.get(ISSUES, query="", limit=4, cursor=first.links["next"]["cursor"])

    back = client.get(ISSUES, query="", limit=4, cursor=second.links["previous"]["cursor"])

    assert back.json() == first.json()


def test_a_limit_of_nothing_promises_more_forever(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.create_issue(api)

    first = client.get(ISSUES, query="", limit=0)
    second = client.get(ISSUES, query="", limit=0, cursor=first.links["next"]["cursor"])

    assert first.json() == second.json() == []
    assert second.links["next"]["results"] == "true"
    assert second.links["next"]["cursor"] == first.links["next"]["cursor"]


@pytest.mark.parametrize(
    "params",
    [
        {"start": "2026-11-01T00:00:00"},
        {"start": "yesterday", "end": "today"},
        {"start": "2026-11-01T00:00:00+02:00", "end": "2026-11-02T00:00:00+02:00"},
        {"start": "2026-11-02T00:00:00", "end": "2026-11-01T00:00:00"},
        {"statsPeriod": ""},
        {"statsPeriod": "soon"},
        {"groupStatsPeriod": "7d"},
        {"sort": "last_seen"},
        {"limit": "many"},
        {"cursor": "here"},
        {"query": "is:happy"},
        {"query": "colour:blue"},
        {"query": "(is:resolved OR is:ignored)"},
        {"query": '"unbalanced'},
        {"project": "api"},
    ],
)
def test_what_sentry_does_not_understand_is_a_400(client: Client, params: dict[str, str]) -> None:
    assert client.get(ISSUES, **params).status_code == 400


def test_a_quiet_issue_is_shown_resolved_before_it_is_and_shortens_pages(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.set_resolve_age(api, timedelta(days=2))
    quiet = world.create_issue(api, at=START - timedelta(days=3))
    loud = world.create_issue(api)

    pages = list(client.pages(ISSUES, query="is:unresolved", sort="new", limit=1))

    assert [[row["id"] for row in page] for page in pages] == [[loud.id], []]
    (row,) = client.rows(ISSUES, group=quiet.id)
    assert (row["status"], row["statusDetails"]) == ("resolved", {"autoResolved": True})
    assert [
        e["type"] for e in client.get(f"{ISSUES}{quiet.id}/activities/").json()["activity"]
    ] == ["first_seen"]


def test_feedback_is_hidden_unless_asked_for(
    world: SentryWorld, api: Project, client: Client
) -> None:
    feedback = world.create_issue(api, category="feedback")
    error = world.create_issue(api)

    assert client.all_ids(query="") == [error.id]
    assert client.all_ids(query="issue.category:feedback") == [feedback.id]


def test_the_query_language_finds_what_it_says(
    world: SentryWorld, api: Project, web: Project, client: Client
) -> None:
    member = world.organizations["acme"].members[0]
    one = world.create_issue(api, "KeyError: 'basket'", level="fatal", priority="high")
    two = world.create_issue(web, "TypeError: no map", at=START - timedelta(days=2), count=40)
    world.archive(two)
    world.assign(one, member)

    for query, found in {
        "level:fatal": one,
        "!level:fatal": two,
        "is:archived": two,
        "is:ignored": two,
        "is:unresolved": one,
        "is:assigned": one,
        f"assigned:{member.email}": one,
        "issue.priority:[high,low]": one,
        f"issue.id:[{two.id},7]": two,
        "project:web": two,
        "lastSeen:>2026-11-01T00:00:00": one,
        "lastSeen:-24h": one,
        "firstSeen:<2026-11-01T00:00:00": two,
        "timesSeen:>30": two,
        "basket": one,
        "is:ignored level:error map": two,
    }.items():
        assert client.all_ids(query=query) == [found.id], query


def test_a_search_too_wide_ends_early_and_says_nothing(
    world: SentryWorld, api: Project, web: Project, sentry: FakeSentry, client: Client
) -> None:
    for number in range(6):
        world.create_issue(api if number % 2 else web)
    sentry.state.search_limit = 4

    assert len(client.all_ids(limit=3)) == 4
    assert len(client.all_ids(project=api.id)) == len(client.all_ids(project=web.id)) == 3
