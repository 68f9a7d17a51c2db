"""The server misbehaves as it is asked to, and in no other way."""

from __future__ import annotations

import math
import time

import pytest
import requests

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.faults import KINDS, Faults
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from tests.fake_sentry.plain_client import ISSUES, Client


@pytest.fixture
def issue_ids(world: SentryWorld, api: Project) -> list[str]:
    return [world.create_issue(api).id for _ in range(6)]


def test_a_fault_hits_as_many_requests_as_planned_after_those_that_pass(
    sentry: FakeSentry, client: Client
) -> None:
    planned = sentry.faults.add("500", match="/issues/", after=1, times=2)

    statuses = [client.get(ISSUES).status_code for _ in range(5)]

    assert statuses == [200, 500, 500, 200, 200]
    assert client.get("organizations/").status_code == 200
    assert planned.played == 2


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "text"),
    [
        ("429", 429, "text/html", "too frequently"),
        ("500", 500, "application/json", "Internal Error"),
        ("502", 502, "text/html", "Bad Gateway"),
        ("503", 503, "text/html", "Unavailable"),
        ("504", 504, "text/html", "Timeout"),
        ("query_timeout_400", 400, "application/json", "Query timeout"),
        ("410", 410, "application/json", '"message"'),
        ("html_200", 200, "text/html", "<title>"),
    ],
)
def test_an_answer_is_replaced(
    sentry: FakeSentry, client: Client, kind: str, status: int, content_type: str, text: str
) -> None:
    sentry.faults.add(kind)

    response = client.get(ISSUES)

    assert response.status_code == status
    assert response.headers["Content-Type"].startswith(content_type)
    assert text in response.text
    assert "Retry-After" not in response.headers
    assert "Date" in response.headers


@pytest.mark.parametrize("kind", ["truncated", "reset"])
def test_a_connection_is_torn(
    sentry: FakeSentry, client: Client, issue_ids: list[str], kind: str
) -> None:
    sentry.faults.add(kind)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get(ISSUES)

    assert sentry.requests[-1].status == 0
    assert sorted(client.all_ids()) == issue_ids


def test_an_empty_page_says_that_there_is_more_and_there_is(
    sentry: FakeSentry, client: Client, issue_ids: list[str]
) -> None:
    sentry.faults.add("empty_page_more", times=2)
    sentry.faults.add("empty_page_more", after=1)

    pages = list(client.pages(ISSUES, limit=2))

    assert [len(page) for page in pages] == [0, 0, 2, 0, 2, 2]
    assert sorted(row["id"] for page in pages for row in page) == issue_ids


def test_a_cursor_repeats_for_ever(
    sentry: FakeSentry, client: Client, issue_ids: list[str]
) -> None:
    sentry.faults.add("repeat_cursor", times=math.inf)

    first = client.get(ISSUES, limit=2)
    cursor = first.links["next"]["cursor"]
    second = client.get(ISSUES, limit=2, cursor=cursor)

    assert second.json() == first.json()
    assert second.links["next"]["results"] == "true"
    assert second.links["next"]["cursor"] == cursor


def test_a_listing_is_cut_short_in_silence(
    sentry: FakeSentry, client: Client, issue_ids: list[str]
) -> None:
    sentry.faults.add("cut_short", match=ISSUES)

    assert len(client.all_ids(limit=4)) == 2


def test_a_token_is_revoked_in_the_middle_and_can_come_back(
    sentry: FakeSentry, client: Client
) -> None:
    sentry.faults.add("revoke_token", after=1)

    assert [client.get(ISSUES).status_code for _ in range(3)] == [200, 401, 401]
    sentry.state.token = TOKEN
    assert client.get(ISSUES).status_code == 200


def test_fields_change_appear_and_take_new_values(
    sentry: FakeSentry, client: Client, issue_ids: list[str]
) -> None:
    sentry.faults.add("changed_type", field="culprit", value={"now": "an object"})
    sentry.faults.add("unknown_field")
    sentry.faults.add("unknown_enum", field="level", value="panic")

    changed, added, renamed = (client.rows(ISSUES) for _ in range(3))

    assert {str(row["culprit"]) for row in changed} == {"{'now': 'an object'}"}
    assert all("brandNew" in row and row["status"] == "unresolved" for row in added)
    assert {row["level"] for row in renamed} == {"panic"}


def test_one_organization_is_down_and_the_others_are_not(
    world: SentryWorld, sentry: FakeSentry, client: Client
) -> None:
    world.create_organization("globex")
    sentry.faults.add("org_down", match="/organizations/acme/")

    assert [client.get(ISSUES).status_code for _ in range(3)] == [503] * 3
    assert client.get("organizations/globex/issues/").status_code == 200


def test_an_answer_is_slow(sentry: FakeSentry, client: Client) -> None:
    sentry.faults.add("slow", seconds=0.2)
    started = time.perf_counter()

    client.get(ISSUES)

    assert time.perf_counter() - started >= 0.1  # an event loop may wake a moment early
    assert sentry.requests[-1].seconds >= 0.1  # an event loop may wake a moment early


def test_chance_is_the_same_for_the_same_seed() -> None:
    def played(seed: int) -> list[str | None]:
        faults = Faults(seed)
        faults.add(("429", "500", "reset"), times=math.inf, probability=0.3)
        picked = [faults.pick("/issues/") for _ in range(200)]
        return [kind and kind[0] for kind in picked]

    assert played(1) == played(1) != played(2)
    assert set(played(1)) == {None, "429", "500", "reset"}
    assert 30 < sum(kind is not None for kind in played(1)) < 90


def test_a_fault_that_does_not_exist_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="no fault is called earthquake"):
        Faults().add("earthquake")
    assert "429" in KINDS
