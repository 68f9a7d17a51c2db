"""An issue is called deleted only when its server says so, of an issue whose project is still there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.plan import IssueToRead
from pipelines.sentry.read import collection
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import SyncedWarehouse

ODD = ["html_200", "410"]  # say nothing about an issue, however often they come


@pytest.fixture
def opened(world: SentryWorld) -> list[Issue]:
    """Open issues of one project."""
    project = next(p for p in world.projects.values() if p.slug == "acme-api")
    return [issue for issue in project.issues.values() if issue.status == "unresolved"]


def reason(warehouse: SyncedWarehouse, issue: Issue) -> str | None:
    found: str | None = warehouse.issues()[issue.id]["removed_reason"]
    return found


def after_the_listings(
    monkeypatch: pytest.MonkeyPatch, fake_sentry: FakeSentry, happens: Callable[[], object]
) -> None:
    """Let something happen, once, between the listings of a sync and its reads by id."""
    due, original = [happens], collection.IssueCollection.read_by_id

    def read_by_id(self: collection.IssueCollection, issues: Iterable[IssueToRead]) -> object:
        if due:
            with fake_sentry.lock:
                due.pop()()
        return original(self, issues)

    monkeypatch.setattr(collection.IssueCollection, "read_by_id", read_by_id)


@pytest.mark.parametrize("fault", ODD)
def test_an_odd_answer_from_the_usual_address_is_made_good_by_the_other(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    opened: list[Issue],
    fault: str,
) -> None:
    merged, parent, deleted = opened[:3]
    warehouse.quick_sync()
    world.advance(hours=3)
    world.merge([merged], parent)
    world.delete_issue(deleted)
    fake_sentry.faults.add(fault, r"/acme/issues/\d+/\?", times=math.inf)

    assert not warehouse.quick_sync(full=False).failures

    assert warehouse.issues()[merged.id]["merged_into_issue_id"] == parent.id
    assert reason(warehouse, deleted) == "deleted"


@pytest.mark.parametrize("flavour", ["self-hosted", "sentry9", "glitchtip"])
@pytest.mark.parametrize("fault", ODD)
def test_an_odd_answer_from_everywhere_fails_the_organization_and_buries_nothing(
    tmp_path: Path, world: SentryWorld, opened: list[Issue], flavour: str, fault: str
) -> None:
    with FakeSentry(world, flavour) as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme", "beta"])
        warehouse.quick_sync()
        world.advance(hours=3)
        world.delete_issue(opened[0])
        # What tells there that an issue is gone.
        asked = r"issues/\?id=" if flavour == "glitchtip" else r"/issues/\d+/\?"
        odd = fake_sentry.faults.add(fault, asked, times=math.inf)
        assert set(warehouse.quick_sync(full=False).failures) == {"acme"}
        assert odd.played
        assert reason(warehouse, opened[0]) is None

        fake_sentry.faults.clear()
        assert not warehouse.quick_sync(full=False).failures
        assert reason(warehouse, opened[0]) == "deleted"
        assert_true(warehouse, world)


def test_one_odd_answer_changes_nothing_even_where_issues_are_read_one_by_one(
    tmp_path: Path, world: SentryWorld, opened: list[Issue]
) -> None:
    with FakeSentry(world, "sentry9") as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        warehouse.quick_sync()
        world.advance(hours=3)
        world.resolve(opened[0])
        fake_sentry.faults.add("html_200", rf"/api/0/issues/{opened[0].id}/")
        assert not warehouse.quick_sync(full=False).failures
        row = warehouse.issues()[opened[0].id]
    assert (row["removed_reason"], row["status"]) == (None, "resolved")


@pytest.mark.parametrize("slug_is_taken", [False, True])
def test_a_project_that_moves_while_we_read_takes_no_issue_for_deleted(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    opened: list[Issue],
    monkeypatch: pytest.MonkeyPatch,
    slug_is_taken: bool,
) -> None:
    project = opened[0].project
    warehouse.quick_sync()
    world.advance(days=95)  # no listing shows it any more
    warehouse.quick_sync(full=True)

    def move() -> None:
        world.transfer_project(project, world.organizations["beta"])
        if slug_is_taken:
            world.create_project(world.organizations["acme"], project.slug)

    after_the_listings(monkeypatch, fake_sentry, move)
    world.advance(hours=3)
    assert not warehouse.quick_sync(full=True).failures
    assert reason(warehouse, opened[0]) is None

    assert not warehouse.quick_sync(full=False).failures
    assert warehouse.issues()[opened[0].id]["organization_slug"] == "beta"
    assert not warehouse.quick_sync(full=True).failures
    assert_true(warehouse, world)


def test_a_renamed_project_is_still_there(
    warehouse: SyncedWarehouse,
    fake_sentry: FakeSentry,
    world: SentryWorld,
    opened: list[Issue],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warehouse.quick_sync()
    world.advance(hours=3)
    world.delete_issue(opened[0])
    after_the_listings(
        monkeypatch, fake_sentry, lambda: world.rename_project(opened[0].project, "another-name")
    )
    assert not warehouse.quick_sync(full=False).failures
    assert reason(warehouse, opened[0]) == "deleted"


def test_what_was_called_deleted_by_mistake_comes_back_within_a_week(
    warehouse: SyncedWarehouse, world: SentryWorld, opened: list[Issue]
) -> None:
    warehouse.quick_sync()
    world.advance(days=95)  # no listing shows them any more
    warehouse.quick_sync(full=True)
    for issue, days in zip(opened[:2], (6, 8), strict=True):
        with duckdb.connect(str(warehouse.path)) as db:
            db.execute(
                "update raw_sentry.issues set removed_reason = 'deleted', removed_at = ? where issue_id = ?",
                [world.clock.replace(tzinfo=None) - timedelta(days=days), issue.id],
            )
    warehouse.quick_sync(full=False)
    assert reason(warehouse, opened[0]) == "deleted"

    warehouse.quick_sync(full=True)

    assert reason(warehouse, opened[0]) is None
    assert warehouse.issues()[opened[0].id]["removed_at"] is None
    assert reason(warehouse, opened[1]) == "deleted"


@pytest.mark.parametrize(
    ("waits_as", "why"), [("pending_deletion", "deleted"), ("pending_merge", "merged")]
)
def test_what_waits_to_go_has_its_reason_from_when_that_was_first_seen(
    warehouse: SyncedWarehouse, world: SentryWorld, opened: list[Issue], waits_as: str, why: str
) -> None:
    going, parent, comes_back = opened[:3]

    def end() -> None:
        world.merge([going], parent) if why == "merged" else world.delete_issue(going)

    warehouse.quick_sync()
    world.advance(hours=3)
    for issue in (going, comes_back):
        world.start_deletion(issue)
        issue.status = waits_as
    first = warehouse.quick_sync(full=False)
    assert first.issues_vanished == 2
    for step in (lambda: None, lambda: world.comment(going, "bye"), end):
        world.advance(hours=3)
        step()
        assert not warehouse.quick_sync(full=True).failures
        row = warehouse.issues()[going.id]
        assert row["removed_reason"] == why
        assert (row["removed_at"] == first.as_of) or (step is end and why == "merged")
    assert row["merged_into_issue_id"] == (parent.id if why == "merged" else None)

    comes_back.status, comes_back.version = "unresolved", comes_back.version + 1
    world.version += 1
    warehouse.quick_sync(full=False)
    assert reason(warehouse, comes_back) is None
    assert warehouse.issues()[comes_back.id]["removed_at"] is None


@pytest.mark.parametrize("moves", [False, True])
def test_glitchtip_has_no_issue_that_it_lists_nowhere_while_its_project_is_there(
    tmp_path: Path,
    world: SentryWorld,
    opened: list[Issue],
    monkeypatch: pytest.MonkeyPatch,
    moves: bool,
) -> None:
    project = opened[0].project
    with FakeSentry(world, "glitchtip") as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        warehouse.quick_sync()
        world.advance(hours=3)
        world.merge([opened[0]], opened[1])
        world.start_deletion(opened[2])
        if moves:
            beta = world.organizations["beta"]
            after_the_listings(
                monkeypatch, fake_sentry, lambda: world.transfer_project(project, beta)
            )
        assert not warehouse.quick_sync(full=False).failures
    expected = None if moves else "deleted"
    assert [reason(warehouse, issue) for issue in opened[:4]] == [expected, None, expected, None]


@pytest.mark.parametrize("flavour", ["self-hosted", "sentry9", "glitchtip"])
def test_what_is_deleted_stays_so_and_costs_no_look_ups_where_batches_tell(
    tmp_path: Path, world: SentryWorld, opened: list[Issue], flavour: str
) -> None:
    with FakeSentry(world, flavour) as fake_sentry:
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"])
        warehouse.quick_sync()
        world.advance(hours=3)
        for issue in opened:
            world.delete_issue(issue)
        warehouse.quick_sync(full=False)
        (checked,) = [
            r for r in fake_sentry.requests if r.path.endswith("/projects/acme/acme-api/")
        ]
        before = warehouse.issues()
        fake_sentry.requests.clear()
        world.advance(hours=30)

        assert not warehouse.quick_sync(full=True).issues_changed

        assert warehouse.issues() == before
        assert {reason(warehouse, issue) for issue in opened} == {"deleted"}
        asked_alone = [r for r in fake_sentry.requests if re.search(r"/issues/\d+/$", r.path)]
        look_ups = [r for r in asked_alone if "collapse=release" in r.query]  # not for the release
        assert checked.status == 200
        assert bool(look_ups) == (flavour == "sentry9")
