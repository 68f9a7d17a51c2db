"""Any history of changes and syncs ends in the truth: a full sync knows all, an ordinary one what it promises.

SENTRY_STEPS=3000 makes the search long: so many steps in all, spread over longer histories.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pipelines.fake_sentry.entities import Issue, Project
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.sentry.agreement import assert_promise, assert_true
from tests.sentry.agreement_optional import assert_optional_true
from tests.sentry.syncing import OURS, SyncedWarehouse

STEPS = int(os.environ.get("SENTRY_STEPS", "0"))
FLAVOURS = ("saas", "self-hosted", "sentry10", "sentry9", "glitchtip")
COMPARED = ("organizations", "projects", "teams", "project_teams", "issues", "releases")
COMPARED += ("project_daily_sessions", "project_daily_production_events")
PICK = st.integers(min_value=0, max_value=10_000)
ENVIRONMENTS = st.sampled_from(["production", "production", "staging"])
HOURS_LATE = st.sampled_from([0, 0, 0, 0.5, 2, 30, 700])


class SentryHistory(RuleBasedStateMachine):
    """A Sentry to which things happen, and a warehouse that is synced now and then."""

    flavour = "self-hosted"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sentry-history-"))
        self.world = SentryWorld()
        self.organizations = [self.world.create_organization(slug) for slug in ("acme", "beta")]
        self.team = self.world.create_team(self.organizations[0], "shop")
        for number in range(3):
            self.world.create_project(self.organizations[number % 2], f"home-{number}")
        self.fake_sentry = FakeSentry(self.world, self.flavour)
        # How politely it is asked is another test's business.
        self.fake_sentry.state.limits.per_second = {"default": 100_000}
        self.fake_sentry.__enter__()
        options = {"environments": ("production",), "first_release_budget": 10_000}
        self.warehouse = SyncedWarehouse(self.folder, self.fake_sentry, ["acme", "beta"], options)
        self.touched: set[str] = set()
        self.names = 0

    def teardown(self) -> None:
        try:
            if self.warehouse.path.exists():
                self.full_sync_by_dlt()
                self.compare_with_fresh()
        finally:
            self.fake_sentry.__exit__(None, None, None)
            shutil.rmtree(self.folder)

    # What there is to choose from

    def an_issue(self, pick: int) -> Issue | None:
        issues = [i for i in self.world.issues.values() if i.status != "pending_deletion"]
        return issues[pick % len(issues)] if issues else None

    def a_project(self, pick: int) -> Project:
        projects = list(self.world.projects.values())
        return projects[pick % len(projects)]

    def name(self, word: str) -> str:
        self.names += 1
        return f"{word}-{self.names}"

    def release_of(self, project: Project) -> str | None:
        releases = self.world.organizations[project.organization].releases
        return next((r.version for r in reversed(releases) if project.id in r.project_ids), None)

    def hidden(self) -> set[str]:
        return {p.id for p in self.world.projects.values() if not p.has_access}

    # What happens in Sentry

    @rule(
        pick=PICK,
        late=HOURS_LATE,
        count=st.integers(1, 9),
        category=st.sampled_from(["error"] * 5 + ["feedback"]),
        environment=ENVIRONMENTS,
    )
    def new_issue(
        self, pick: int, late: float, count: int, category: str, environment: str
    ) -> None:
        at = self.world.clock - timedelta(hours=late)
        project = self.a_project(pick)
        issue = self.world.create_issue(
            project,
            self.name("ValueError: no"),
            count=count,
            at=at,
            category=category,
            environment=environment,
            first_release=self.release_of(project),
        )
        if late < 1:
            self.touched.add(issue.id)

    @rule(pick=PICK, late=HOURS_LATE, count=st.integers(1, 9), environment=ENVIRONMENTS)
    def events(self, pick: int, late: float, count: int, environment: str) -> None:
        if issue := self.an_issue(pick):
            at = max(self.world.clock - timedelta(hours=late), issue.first_seen)
            release = self.release_of(issue.project)
            self.world.add_events(issue, count, at=at, environment=environment, release=release)
            if self.world.clock - at < timedelta(hours=1):
                self.touched.add(issue.id)

    @rule(pick=PICK)
    def publish_release(self, pick: int) -> None:
        self.world.publish_release([self.a_project(pick)], self.name("shop@1"))

    @rule(
        pick=PICK,
        late=HOURS_LATE,
        count=st.integers(1, 9),
        status=st.sampled_from(["healthy", "errored", "crashed"]),
    )
    def sessions(self, pick: int, late: float, count: int, status: str) -> None:
        at = self.world.clock - timedelta(hours=late)
        self.world.record_sessions(self.a_project(pick), count, status, at=at)

    @rule(pick=PICK, how=st.sampled_from(["plain", "release", "commit", "age"]))
    def resolve(self, pick: int, how: str) -> None:
        if issue := self.an_issue(pick):
            ways: dict[str, dict[str, Any]] = {
                "plain": {},
                "release": {"in_next_release": True},
                "commit": {"in_commit": "abc"},
                "age": {"by_age": True},
            }
            self.world.resolve(issue, **ways[how])

    @rule(pick=PICK)
    def unresolve(self, pick: int) -> None:
        if issue := self.an_issue(pick):
            self.world.unresolve(issue)

    @rule(pick=PICK, hours=st.sampled_from([None, 5]))
    def archive(self, pick: int, hours: float | None) -> None:
        if issue := self.an_issue(pick):
            until = self.world.clock + timedelta(hours=hours) if hours else None
            self.world.archive(issue, until=until)

    @rule(pick=PICK, to_team=st.booleans())
    def assign(self, pick: int, to_team: bool) -> None:
        if issue := self.an_issue(pick):
            self.world.assign(issue, self.team if to_team else self.organizations[0].members[0])

    @rule(pick=PICK, priority=st.sampled_from(["low", "medium", "high"]))
    def set_priority(self, pick: int, priority: str) -> None:
        if issue := self.an_issue(pick):
            self.world.set_priority(issue, priority)

    @rule(pick=PICK, others=st.integers(1, 3))
    def merge(self, pick: int, others: int) -> None:
        if parent := self.an_issue(pick):
            siblings = [i for i in parent.project.issues.values() if i is not parent]
            self.world.merge(siblings[:others], parent)

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        if issue := self.an_issue(pick):
            self.world.delete_issue(issue)

    @rule(pick=PICK)
    def start_deletion(self, pick: int) -> None:
        if issue := self.an_issue(pick):
            self.world.start_deletion(issue)
            self.touched.discard(issue.id)

    @rule(pick=PICK)
    def rename_project(self, pick: int) -> None:
        self.world.rename_project(self.a_project(pick), self.name("renamed"))

    @rule(pick=PICK)
    def create_project(self, pick: int) -> None:
        self.world.create_project(self.organizations[pick % 2], self.name("project"))

    @precondition(lambda self: len(self.world.projects) > 2)
    @rule(pick=PICK, again=st.booleans())
    def delete_project(self, pick: int, again: bool) -> None:
        project = self.a_project(pick)
        self.world.delete_project(project)
        if again:  # another project under the same name
            home = self.world.organizations[project.organization]
            self.world.create_project(home, project.slug)

    @rule(pick=PICK)
    def transfer_project(self, pick: int) -> None:
        project = self.a_project(pick)
        (target,) = (o for o in self.organizations if o.slug != project.organization)
        if all(p.slug != project.slug for p in self.world.projects.values() if p is not project):
            self.world.transfer_project(project, target)

    @precondition(lambda self: self.flavour != "glitchtip")  # which shows all of an organization
    @rule(pick=PICK)
    def lose_or_regain_access(self, pick: int) -> None:
        project = self.a_project(pick)
        self.world.set_access(project, not project.has_access)
        self.touched -= set(project.issues)

    @rule(hours=st.sampled_from([1, 3, 3, 3, 20, 100, 1000]))
    def time_passes(self, hours: float) -> None:
        self.world.advance(hours=hours)
        self.world.run_jobs()
        if hours > 48:  # an event this old is no event since the last sync any more
            self.world.cleanup()

    # Syncs

    @initialize()
    def first_sync(self) -> None:
        self.sync(full=True)

    @rule()
    def ordinary_sync(self) -> None:
        report = self.warehouse.quick_sync(full=False)
        assert not report.failures
        assert_promise(
            self.warehouse, self.world, self.touched & set(self.world.issues), self.hidden()
        )
        self.touched.clear()

    @rule()
    def full_sync(self) -> None:
        self.sync(full=True)

    def sync(self, *, full: bool) -> None:
        report = self.warehouse.quick_sync(full=full)
        assert not report.failures
        assert_true(self.warehouse, self.world, self.hidden())
        assert_optional_true(self.warehouse, self.world, self.hidden())
        self.touched.clear()

    def full_sync_by_dlt(self) -> None:
        assert not self.warehouse.sync(full=True).failures
        assert_true(self.warehouse, self.world, self.hidden())
        assert_optional_true(self.warehouse, self.world, self.hidden())

    def compare_with_fresh(self) -> None:
        (self.folder / "fresh").mkdir()
        options = self.warehouse.options
        fresh = SyncedWarehouse(self.folder / "fresh", self.fake_sentry, ["acme", "beta"], options)
        fresh.quick_sync()
        # Forgotten with the events, by merges, or not asked of what is closed; what was known stays.
        but = (*OURS, "user_count", "first_release", "is_in_production")
        kept, found = self.warehouse.content(but=but), fresh.content(but=but)
        for table in COMPARED:
            missing = [row for row in found[table] if row not in kept[table]]
            assert not missing, (table, missing[0])


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_any_history_converges(flavour: str) -> None:
    machine = type(f"History of {flavour}", (SentryHistory,), {"flavour": flavour})
    length = 60 if STEPS else 20
    case = machine.TestCase  # type: ignore[attr-defined]
    case.settings = settings(
        max_examples=max(STEPS // len(FLAVOURS) // length, 2),
        stateful_step_count=length,
        deadline=None,
        derandomize=not STEPS,
        database=None,
        phases=[Phase.generate],  # a failing history is told whole; to shorten it takes minutes
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()
