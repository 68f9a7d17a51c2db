"""Random histories with kills at every step and a Jira that fails: one ticket per stretch, few a day, none missing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import SecretStr

from pipelines.notify import delivery, outbox, store
from pipelines.notify.channels.jira import Jira
from pipelines.notify.evaluation import evaluate
from pipelines.notify.reasons import Reason, Snapshot
from pipelines.notify.tickets import changes, writing
from pipelines.notify.tickets.jira_server import JiraServer
from pipelines.notify.tickets.ticket import all_newest
from pipelines.settings import Settings
from tests.notify.fake_jira import FAULTS, TOKEN, USER, FakeJira
from tests.notify.messages import recipient

START = datetime(2026, 11, 23, 9)
TARGET = timedelta(hours=5)
MOST_PER_DAY = 2
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
SHOP = recipient(team="shop", channel="jira", address="SHOP")
# All that a message does, one thing after the other.
STEPS: list[tuple[Any, str]] = [
    *((JiraServer, name) for name in ("find", "create", "state", "comment_once", "reopen", "link")),
    *((writing, name) for name in ("begin", "note")),
    *((outbox, name) for name in ("begin", "end", "postpone")),
]
Kill = tuple[int, bool]
KILLS = st.none() | st.tuples(st.integers(0, 12), st.booleans())
FAULTS_OF_WRITES = st.lists(st.sampled_from([None, *FAULTS]), max_size=4)


class Killed(BaseException):
    """The process ends here: nothing behind it runs."""


@dataclass
class Issue:
    issue_id: str
    first_seen_at: datetime
    opened_at: datetime
    resolved_at: datetime | None = None

    def reasons(self, as_of: datetime) -> list[Reason]:
        if self.resolved_at:
            return []
        moments = [("new_high", self.first_seen_at, self.first_seen_at)]
        if as_of > self.opened_at + TARGET:
            moments.append(("sla_breached", self.opened_at, self.opened_at + TARGET))
        return [
            Reason(rule, "acme", self.issue_id, opened_at, at, f"issue {self.issue_id}", "shop")
            for rule, opened_at, at in moments
        ]

    def published(self) -> changes.Issue:
        status = "resolved" if self.resolved_at else "unresolved"
        title = f"issue {self.issue_id}"
        facts = (status, self.opened_at, self.resolved_at, title, "https://sentry.example/1/")
        return changes.Issue(self.issue_id, *facts, "shop", "Shop", "high")


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.now = START
        self.issues: list[Issue] = []
        # By issue: the stretches of which it is due that a ticket tells, the last one last.
        self.due: dict[str, list[datetime]] = {}
        self.closed_at: dict[str, datetime] = {}

    @initialize(is_cloud=st.booleans(), can_reopen=st.booleans())
    def first_run(self, is_cloud: bool, can_reopen: bool) -> None:
        self.jira = FakeJira(is_cloud, lambda: self.now, timedelta(minutes=6)).__enter__()
        self.jira.can_reopen = can_reopen
        self.settings = Settings(
            data_dir=self.folder,
            seeds_dir=self.folder,
            jira_url=self.jira.url,
            jira_user=USER if is_cloud else "",
            jira_token=SecretStr(TOKEN),
        )
        self.channels = {"jira": Jira(lambda: self.now)}
        self.publish()

    def teardown(self) -> None:
        if hasattr(self, "jira"):
            # What happened to an issue before its ticket was there is said with the next sync.
            for _ in range(2):
                self.now += timedelta(hours=3)
                self.publish()
                while self.is_anything_waiting():
                    self.now += timedelta(hours=1)
                    self.deliver()
            self.everything_is_done()
            self.jira.__exit__()
        shutil.rmtree(self.folder)

    def a_minute_later(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    # One rule: of several Hypothesis leaves some out.
    @rule(
        new_issues=st.integers(0, 2),
        flipped=st.sets(st.integers(0, 4), max_size=2),
        closed=st.sets(st.integers(0, 4), max_size=1),
        hours=st.sampled_from([3, 6]),
        passes=st.lists(
            st.tuples(st.sampled_from([0, 3, 12]), FAULTS_OF_WRITES, KILLS), max_size=3
        ),
    )
    def a_sync(
        self,
        new_issues: int,
        flipped: set[int],
        closed: set[int],
        hours: int,
        passes: list[tuple[int, list[str | None], Kill | None]],
    ) -> None:
        """What happens until a sync, and the times that what is due is sent afterwards."""
        for issue in [issue for place, issue in enumerate(self.issues) if place in flipped]:
            self.resolve_or_bring_back(issue)
        for key in [key for place, key in enumerate(self.jira.tickets) if place in closed]:
            self.jira.move(self.jira.tickets[key], "Done")
            self.closed_at[key] = self.now
        for _ in range(new_issues):
            at = self.a_minute_later()
            self.issues.append(Issue(str(len(self.issues)), at, at))
        self.now += timedelta(hours=hours)
        self.publish()
        for minutes, faults, kill in passes:
            self.now += timedelta(minutes=minutes)
            self.deliver(faults, kill)

    def resolve_or_bring_back(self, issue: Issue) -> None:
        if issue.resolved_at:
            issue.opened_at, issue.resolved_at = self.a_minute_later(), None
        else:
            issue.resolved_at = self.a_minute_later()

    def publish(self) -> None:
        reasons = [reason for issue in self.issues for reason in issue.reasons(self.now)]
        shown = Snapshot(self.now, f"run {self.now}", "", {"acme": self.now}, tuple(reasons))
        by_id = {issue.issue_id: issue for issue in self.issues}
        with (
            store.opened(self.settings.notify_state) as db,
            patch.object(outbox, "MOST_PER_DAY", MOST_PER_DAY),
        ):
            tickets = [(t, by_id[t.subject.issue_id].published()) for t in all_newest(db)]
            changes.note(db, tickets, {"SHOP": SHOP}, self.now, self.now)
            evaluate(db, shown, [SHOP], self.now)
        for reason in reasons:
            stretches = self.due.setdefault(reason.subject, [])
            opened_at = by_id[reason.subject].opened_at
            if opened_at not in stretches and reason.at <= self.now:
                stretches.append(opened_at)

    def deliver(self, faults: Sequence[str | None] = (), kill: Kill | None = None) -> None:
        """Send what is due; `kill`: at which step the process ends, and whether that one is still done."""
        self.jira.faults = list(faults)
        left = [kill[0] if kill else -1]

        def step(function: Callable[..., Any]) -> Callable[..., Any]:
            def killed(*args: Any, **facts: Any) -> Any:
                left[0] -= 1
                if left[0] == -1 and kill and not kill[1]:
                    raise Killed
                done = function(*args, **facts)
                if left[0] == -1 and kill:
                    raise Killed
                return done

            return killed

        patches = [patch.object(owner, name, step(getattr(owner, name))) for owner, name in STEPS]
        with suppress(Killed):
            for each in patches:
                each.start()
            try:
                delivery.deliver(self.settings, self.channels, lambda: self.now)
            finally:
                for each in patches:
                    each.stop()

    @invariant()
    def no_stretch_has_two_tickets_and_nothing_is_said_twice(self) -> None:
        if not hasattr(self, "jira"):
            return
        labels = Counter(ticket.fields["labels"][0] for ticket in self.jira.tickets.values())
        assert not [label for label, count in labels.items() if count > 1]
        titles = Counter(ticket.fields["summary"] for ticket in self.jira.tickets.values())
        for title, count in titles.items():
            issue_id = title.rpartition(" ")[2]
            most = len(self.due[issue_id]) if not self.jira.can_reopen else 1
            assert count <= most, title
        for ticket in self.jira.tickets.values():
            said = [text.partition("\n")[0] for text in ticket.comments]
            assert len(said) == len(set(said)), ticket
            assert not [text for text in said if text in ticket.fields["description"]], ticket

    @invariant()
    def no_day_has_too_many(self) -> None:
        if not hasattr(self, "jira"):
            return
        with store.read(self.settings.notify_state) as db:
            days = db.execute(
                "select count(*) from messages where rule in ('new_high', 'sla_breached') "
                "and state = 'pending' and tries = 0 group by date(due_at)"
            ).fetchall()
        assert all(count <= MOST_PER_DAY for (count,) in days)

    def is_anything_waiting(self) -> bool:
        with store.read(self.settings.notify_state) as db:
            (count,) = db.execute("select count(*) from messages where state <> 'sent'").fetchone()
        return bool(count)

    def everything_is_done(self) -> None:
        """What has to be true once Jira answers: each issue that was due has its ticket, with the newest stretch."""
        with store.opened(self.settings.notify_state) as db:
            newest = {ticket.subject.issue_id: ticket for ticket in all_newest(db)}
        assert newest.keys() == self.due.keys()
        for issue in self.issues:
            ticket = newest.get(issue.issue_id)
            if ticket is None:
                continue
            assert ticket.key is not None
            in_jira = self.jira.tickets[ticket.key]
            said = " ".join([in_jira.fields["description"], *in_jira.comments])
            if not issue.resolved_at and self.closed_at.get(ticket.key, START) < issue.opened_at:
                assert in_jira.status == "To Do"
            if issue.resolved_at:
                assert "Resolved in Sentry" in said
            elif len(self.due[issue.issue_id]) > 1:
                assert str(issue.opened_at) in said
            if ticket.earlier_key:
                assert in_jira.links == [ticket.earlier_key]


TestHistories = Histories.TestCase
TestHistories.settings = hypothesis_settings(
    max_examples=int(os.environ.get("NOTIFY_EXAMPLES", "30")),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
