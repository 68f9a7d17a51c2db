"""A hundred organizations, each with one answer that no Sentry gives: each fails by itself and says why."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from pipelines.fake_sentry.calls import Reply
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN
from pipelines.sentry import bounds
from pipelines.sentry.errors import SentryError, UnusableReplyError
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.http.session import SentrySession
from pipelines.sentry.rows import flatten
from tests.sentry.hostile_answers import (
    CHUNKED,
    DEEP,
    EVENTS,
    EXTREME,
    FAILING,
    HARMLESS,
    ISSUES,
    OK,
    OPTIONAL,
    PLAIN,
    RELEASES,
    SESSIONS,
)
from tests.sentry.hostile_sentry import HostileSentry, Raw, body, endless
from tests.sentry.syncing import QUICK, SyncedWarehouse


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "REPLY_BYTES", 64 * 1024)
    monkeypatch.setattr(bounds, "REPLY_VALUES", 3000)
    monkeypatch.setattr(bounds, "HELD_PAGES", 30)
    monkeypatch.setattr(bounds, "IDLE_PAGES", 5)


def world_of(slugs: list[str]) -> SentryWorld:
    world = SentryWorld()
    for slug in slugs:
        organization = world.create_organization(slug)
        team = world.create_team(organization, f"{slug}-team")
        project = world.create_project(organization, f"{slug}-api", teams=[team])
        world.resolve(world.create_issue(project, "ValueError: 1"))
        world.create_issue(project, "ValueError: 2")
    return world


@pytest.mark.usefixtures("small_bounds")
def test_each_answer_that_no_sentry_gives_fails_its_organization_and_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {f"wrong-{n}": case for n, case in enumerate(FAILING)}
    odd = {f"odd-{n}": case for n, case in enumerate([*HARMLESS, *OPTIONAL])}
    slugs = [*wrong, "crash", *odd, "good"]
    answers = [
        (f"/organizations/{slug}/{case[0]}", case[1])
        for slug, case in itertools.chain(wrong.items(), odd.items())
    ]
    team = flatten.team

    def crash(row: dict[str, Any], slug: str) -> dict[str, Any]:
        return team(row, slug) if slug != "crash" else {}["missing"]

    monkeypatch.setattr(flatten, "team", crash)
    with HostileSentry(world_of(slugs), answers) as sentry:
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for files in SyncedWarehouse(tmp_path, sentry, slugs).new_sync().loads():
            for name, file in files.items():
                rows[name] += pq.read_table(file).to_pylist()
    syncs, issues = rows["organization_syncs"], rows["issues"]
    failures = {row["organization_slug"]: row["failure"] for row in syncs if row["failure"]}

    for slug, (_, _, words) in wrong.items():
        assert re.search(words, failures.get(slug, "")), (slug, words, failures.get(slug))
    crashed = failures["crash"]
    assert re.search(r"does not expect \(KeyError in directory.py, line \d+\)", crashed)
    assert "Traceback" in caplog.text
    assert failures.keys() == {*wrong, "crash"}
    for why in failures.values():
        assert why.isprintable()
        assert len(why) < 600
        assert "Traceback" not in why
    assert sorted(row["organization_slug"] for row in issues) == sorted([*odd, "good"] * 2)
    found = {
        row["organization_slug"]: json.loads(row["capabilities"])
        for row in syncs
        if row["capabilities"]
    }
    for number, (where, _) in enumerate(OPTIONAL, len(HARMLESS)):
        name = {RELEASES: "releases", SESSIONS: "sessions", EVENTS: "first_release_of_many"}.get(
            where
        )
        assert name is None or found[f"odd-{number}"][name] == "missing", number
    titles = [row["title"] for row in issues if row["organization_slug"] == "odd-0"]
    assert titles == ["NUL \ufffd, half \ufffd, \ufffd\ufffd and whole \U0001f600"] * 2


@pytest.mark.parametrize(
    "drip",
    [
        Raw(b"", b"H"),
        Raw(b"HTTP/1.1 200 OK\r\nA: ", b"a"),
        Raw(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        Raw(OK + b"Content-Length: 9999\r\n\r\n", b" "),
        Raw(OK + b"\r\n", b" "),
        Raw(CHUNKED, b"1\r\n \r\n"),
        Raw(CHUNKED, b"1"),
        Raw(CHUNKED + b"0\r\n", b"a: b\r\n"),
    ],
)
def test_a_reply_that_trickles_in_ends_at_its_deadline(
    drip: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "REPLY_SECONDS", 0.2)
    with HostileSentry(SentryWorld(), [("", drip)]) as sentry:
        api = SentryApi(sentry.url, SentrySession(TOKEN, retry_policy=QUICK))
        with pytest.raises(UnusableReplyError, match=r"organizations/: the answer had not ended"):
            api.get("organizations/")


def test_an_endless_listing_of_issues_ends_without_being_read_again_in_halves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bounds, "LISTING_PAGES", 30)
    world = world_of(["acme", "beta"])
    [issue, *_] = (i for i in world.issues.values() if i.project.organization == "acme")
    page = endless(
        lambda n: [
            {"id": f"9{n}", "status": "unresolved", "project": {"id": issue.project.id}},
        ],
        lambda n: n,
    )
    with HostileSentry(world, [("/acme/" + ISSUES, page)]) as sentry:
        failures = SyncedWarehouse(tmp_path, sentry, ["acme", "beta"]).quick_sync().failures
    assert failures.keys() == {"acme"}
    assert "has not ended after 31 pages" in failures["acme"]
    assert len(sentry.requests) < 60


@pytest.mark.parametrize(
    ("listed", "failed"),
    [
        ([PLAIN | {"slug": "x", "links": {"regionUrl": "http://["}}], {"x"}),
        ([PLAIN | {"slug": None}], {"(organization 1 of URL)"}),
        ([{}], {"(organization 1 of URL)"}),
        ([PLAIN | {"slug": "x", "name": 5}], {"x"}),
    ],
)
def test_a_listed_organization_that_cannot_be_read_fails_alone(
    tmp_path: Path, listed: list[Any], failed: set[str]
) -> None:
    def more(reply: Reply) -> Reply:
        return Reply(orjson.dumps([*listed, *orjson.loads(reply.body)]))

    with HostileSentry(world_of(["good"]), [(r"/api/0/organizations/\?", more)]) as sentry:
        failures = SyncedWarehouse(tmp_path, sentry).quick_sync().failures
    assert failures.keys() == {slug.replace("URL", sentry.url) for slug in failed}


@pytest.mark.parametrize(
    ("regions", "failed"),
    [
        ('{"regions": [{"url": "http://["}]}', {"http://["}),
        ('{"regions": [{"url": 5}, 7, null]}', {"5"}),
        ('{"regions": 7}', set()),
        ("[7]", set()),
        (DEEP, set()),
        ('{"regions": [{"url": "https://evil.example"}]}', set()),
    ],
)
def test_a_region_whose_address_is_none_fails_alone(
    tmp_path: Path, regions: str, failed: set[str]
) -> None:
    with HostileSentry(world_of(["good"]), [("/users/me/regions/", body(regions))]) as sentry:
        warehouse = SyncedWarehouse(tmp_path, sentry)
        assert warehouse.quick_sync().failures.keys() == failed
        assert len(warehouse.issues()) == 2


def test_a_list_of_organizations_that_cannot_be_read_ends_the_run_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flatten, "organization", {}.__getitem__)
    caplog.set_level(logging.CRITICAL)
    with HostileSentry(world_of(["acme"]), [(r"/0/organizations/\?", body(DEEP))]) as sentry:
        with pytest.raises(SentryError, match=EXTREME):
            SyncedWarehouse(tmp_path, sentry).quick_sync()
        sentry.answers.clear()
        with pytest.raises(SentryError, match=r"No organization could be synced.*does not expect"):
            SyncedWarehouse(tmp_path, sentry).quick_sync()
