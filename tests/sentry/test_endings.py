"""A listing ends where the server says so; an end that nobody told is none, and no answer is not an empty one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.errors import BadRequestError, SentryError, TruncatedError
from pipelines.sentry.http.client import SentryApi
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import SyncedWarehouse
from tests.sentry.test_session import Script, reply, session_of

ROWS = "[" + ", ".join(["{}"] * 100) + "]"


@pytest.fixture
def crowd() -> SentryWorld:
    """One project with 250 issues: 150 of one day, and one for each of the 100 hours before."""
    world = SentryWorld()
    project = world.create_project(world.create_organization("acme"), "api")
    for number in range(250):
        hours = max(number - 150, 0) + number / 1000
        world.create_issue(
            project, f"ValueError: {number}", at=world.clock - timedelta(hours=hours)
        )
    return world


@pytest.fixture
def crowded(crowd: SentryWorld, tmp_path: Path) -> Iterator[SyncedWarehouse]:
    with FakeSentry(crowd, "self-hosted") as fake_sentry:
        yield SyncedWarehouse(tmp_path, fake_sentry, ["acme"])


@pytest.mark.parametrize("fault", ["no_link", "plain_link"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_link_header_that_is_gone_or_in_other_words_loses_no_issue(
    crowded: SyncedWarehouse, fault: str, after: int
) -> None:
    assert isinstance(crowded.sentry, FakeSentry)
    faults = crowded.sentry.faults
    faults.add(fault, r"/acme/issues/\?.*limit=100", times=math.inf, after=after)

    with pytest.raises(SentryError, match="Link header"):
        crowded.quick_sync()

    assert len(crowded.sentry.requests) < 60
    faults.clear()
    assert not crowded.quick_sync().failures
    assert_true(crowded, crowded.sentry.world)


def test_a_link_header_that_is_gone_for_a_moment_only_costs_requests(
    crowded: SyncedWarehouse,
) -> None:
    assert isinstance(crowded.sentry, FakeSentry)
    crowded.sentry.faults.add("no_link", r"/acme/issues/\?.*limit=100", after=1, times=2)
    assert not crowded.quick_sync().failures
    assert_true(crowded, crowded.sentry.world)


@pytest.mark.parametrize(
    "endpoint", [r"/acme/issues/\?.*limit=100", "/acme/projects/", "/acme/teams/"]
)
def test_a_listing_without_a_body_is_not_an_empty_one(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, endpoint: str
) -> None:
    warehouse.quick_sync()
    before = warehouse.issues()
    fake_sentry.faults.add("null_200", endpoint, times=math.inf)

    report = warehouse.quick_sync(full=True)

    assert set(report.failures) == {"acme"}
    assert "expected a list" in report.failures["acme"]
    assert warehouse.issues() == before


@pytest.mark.parametrize("body", ["null", "5", '"text"', "{}", '{"detail": "fine"}'])
def test_only_a_list_is_a_listing(body: str) -> None:
    with pytest.raises(BadRequestError, match=r"organizations/: expected a list"):
        api(Script(reply(200, body))).rows("organizations/")


def test_a_full_page_without_a_link_header_is_no_end_but_a_longer_one_is_all_there_is() -> None:
    with pytest.raises(TruncatedError, match="full page"):
        api(Script(reply(200, ROWS))).rows("organizations/")
    all_of_it = ROWS.replace("[", "[{}, ")
    assert len(api(Script(reply(200, all_of_it))).rows("organizations/")) == 101
    assert api(Script(reply(200, "[{}]"))).rows("organizations/") == [{}]


def api(script: Script) -> SentryApi:
    return SentryApi("https://sentry.example", session_of(script))
