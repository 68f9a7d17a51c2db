"""Random histories of issues, failures, rebuilds, rollbacks and kills: each reason is told once, or is unknown."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipelines.catalog import Recipient
from pipelines.catalog.recipient_values import PRODUCT_RULES
from pipelines.notify import delivery, outbox, store
from pipelines.notify.channels.channel import NotSentError, RefusedError, UncertainError
from pipelines.notify.evaluation import begin_anew, evaluate
from pipelines.notify.outbox import Message
from pipelines.notify.reasons import Reason, Snapshot
from pipelines.settings import Settings

START = datetime(2026, 11, 23, 9)
ORGANIZATIONS = ("acme", "beta")
TARGET = timedelta(hours=12)
# Written through to the disk at each step, which takes its time where there is one.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
Key = tuple[str, str, str, str]
OUTCOMES = ("sent", "sent", "sent", "away", "refused", "silence", "killed before", "killed after")


class Killed(BaseException):
    """The process ends here: nothing behind it runs."""


class RandomChannel:
    """Sends, fails, or is killed before or after the message has left."""

    def __init__(self, is_repeatable: bool) -> None:
        self.is_repeatable = is_repeatable
        self.outcomes: list[str] = []
        self.arrived: list[Message] = []

    def place(self, message: Message) -> str:
        return str(message.message_id)

    def send(self, settings: Settings, message: Message) -> None:
        outcome = self.outcomes.pop() if self.outcomes else "sent"
        if outcome == "away":
            raise NotSentError("away")
        if outcome == "refused":
            raise RefusedError("refused")
        if outcome == "killed before":
            raise Killed
        self.arrived.append(message)
        if outcome == "killed after":
            raise Killed
        if outcome == "silence":
            raise UncertainError("silence")


class Issue:
    def __init__(self, organization: str, subject: str, first_seen_at: datetime) -> None:
        self.organization, self.subject = organization, subject
        self.first_seen_at = self.opened_at = first_seen_at
        self.is_open = True

    def reasons(self, as_of: datetime) -> list[Reason]:
        if not self.is_open:
            return []
        moments = {"new_high": self.first_seen_at}
        if self.opened_at > self.first_seen_at:
            moments["regressed"] = self.opened_at
        if as_of > self.opened_at + TARGET:
            moments["sla_breached"] = self.opened_at + TARGET
        elif as_of >= self.opened_at + TARGET * 0.8:
            moments["sla_at_risk"] = self.opened_at + TARGET * 0.8
        return [
            Reason(
                rule=rule,
                organization=self.organization,
                subject=self.subject,
                opened_at=self.first_seen_at if rule == "new_high" else self.opened_at,
                at=at,
                title=f"{self.organization}/{self.subject}",
                team="shop",
                product_id="shop",
                product_name="Shop",
            )
            for rule, at in moments.items()
        ]


def key(reason: Reason) -> Key:
    return (
        reason.rule,
        reason.organization,
        reason.subject,
        reason.opened_at.isoformat(),
    )


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.settings = Settings(data_dir=self.folder)
        self.now = START
        self.issues: list[Issue] = []
        self.failing: set[str] = set()
        self.synced: dict[str, datetime] = {}
        self.baseline: dict[str, datetime] = {}
        self.publications: list[Snapshot] = []
        self.edits = 0
        self.backup = self.folder / "backup.sqlite"
        # What has to arrive, and of that what was noted in a record that is lost.
        self.due: set[Key] = set()
        self.lost: set[Key] = set()
        self.channels = {"mail": RandomChannel(False), "webhook": RandomChannel(True)}
        self.recipients = [
            Recipient("shop", "mail", "a@b.example", PRODUCT_RULES, None, None, None, "UTC", 2),
            Recipient("Shop", "webhook", "https://x.example", None, None, None, None, "UTC", 3),
        ]

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize()
    def first_run(self) -> None:
        self.issues = [Issue("acme", "old", START - timedelta(hours=20))]
        self.publish()

    @rule(organization=st.sampled_from(ORGANIZATIONS))
    def a_new_issue(self, organization: str) -> None:
        at = self.now - timedelta(minutes=7)
        self.issues.append(Issue(organization, f"{len(self.issues)}", at))

    @precondition(lambda self: self.issues)
    @rule(data=st.data())
    def one_is_resolved_or_comes_back(self, data: st.DataObject) -> None:
        issue = data.draw(st.sampled_from(self.issues))
        issue.is_open = not issue.is_open
        self.now += timedelta(minutes=5)
        if issue.is_open:
            issue.opened_at = self.now - timedelta(minutes=3)

    @rule(organization=st.sampled_from(ORGANIZATIONS))
    def an_organization_fails_or_works_again(self, organization: str) -> None:
        self.failing ^= {organization}

    @rule(hours=st.sampled_from([3, 3, 9]))
    def a_sync(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.publish()

    def publish(self) -> None:
        for slug in ORGANIZATIONS:
            if slug not in self.failing:
                self.synced[slug] = self.now
        organizations = {
            slug: self.now if slug not in self.failing else None for slug in ORGANIZATIONS
        }
        reasons = [reason for issue in self.issues for reason in issue.reasons(self.now)]
        snapshot = Snapshot(
            self.now, f"run {self.now}", str(self.edits), organizations, tuple(reasons)
        )
        for reason in reasons:
            if reason.organization not in self.failing:
                before = self.baseline.get(reason.organization)
                if before is not None and reason.at > before:
                    self.due.add(key(reason))
        for slug in ORGANIZATIONS:
            if slug not in self.failing:
                self.baseline.setdefault(slug, self.now)
        self.publications.append(snapshot)
        self.evaluate(snapshot)

    def evaluate(self, snapshot: Snapshot) -> None:
        with store.opened(self.settings.notify_state) as db:
            evaluate(db, snapshot, self.recipients, self.now)

    @rule(data=st.data())
    def an_earlier_or_the_same_publication_is_put_back(self, data: st.DataObject) -> None:
        snapshot = data.draw(st.sampled_from(self.publications))
        self.evaluate(replace(snapshot, run_id="put back"))

    @rule()
    def the_marts_are_rebuilt_after_an_edit(self) -> None:
        self.edits += 1
        last = self.publications[-1]
        old = Reason("new_high", "acme", f"moved {self.edits}", last.as_of, last.as_of, "-", "shop")
        rebuilt = replace(
            last, catalog=str(self.edits), run_id="rebuilt", reasons=(*last.reasons, old)
        )
        self.publications[-1] = rebuilt
        self.evaluate(rebuilt)

    @rule()
    def a_backup_is_made(self) -> None:
        shutil.copyfile(self.settings.notify_state, self.backup)
        self.known = set(self.baseline)

    @precondition(lambda self: self.backup.exists())
    @rule()
    def the_record_is_lost_and_that_of_the_backup_put_back(self) -> None:
        shutil.copyfile(self.backup, self.settings.notify_state)
        begin_anew(self.settings.notify_state, 0o027, self.now)
        self.baseline = dict.fromkeys(self.known, self.now)
        self.lost |= self.due

    @rule(outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=6))
    def what_is_due_is_sent(self, outcomes: list[str]) -> None:
        for channel in self.channels.values():
            channel.outcomes = list(outcomes)
        with suppress(Killed):
            delivery.deliver(self.settings, self.channels, lambda: self.now)
        self.now += timedelta(minutes=10)

    @invariant()
    def each_reason_arrives_at_most_once(self) -> None:
        for name, channel in self.channels.items():
            messages = channel.arrived
            if channel.is_repeatable:  # its receiver knows a message again
                messages = list({message.key: message for message in messages}.values())
            told = Counter(each for message in messages for each in keys(message))
            assert not [each for each, count in told.items() if count > 1], name
            assert told.keys() <= self.due, name

    @invariant()
    def what_is_due_arrived_or_is_known_not_to_have(self) -> None:
        if not self.settings.notify_state.exists():
            return
        with store.read(self.settings.notify_state) as db:
            rows = db.execute("select * from messages").fetchall()
        for name in self.channels:
            noted = {
                each
                for row in rows
                if row["channel"] == name
                for each in keys(outbox._message(row))
            }
            # One that waits as at risk and turns late meanwhile is told as late alone.
            late = {each[1:] for each in noted if each[0] == "sla_breached"}
            missing = self.due - noted - self.lost
            assert all(each[0] == "sla_at_risk" and each[1:] in late for each in missing), name
            arrived = {m.key for m in self.channels[name].arrived}
            for row in rows:
                if row["channel"] == name and row["state"] == "sent":
                    assert row["key"] in arrived


def keys(message: Message) -> list[Key]:
    return [
        (message.rule, item["organization"], item["subject"], item["opened_at"])
        for group in message.payload["groups"]
        for item in group["items"]
    ]


TestHistories = Histories.TestCase
TestHistories.settings = hypothesis_settings(
    max_examples=int(os.environ.get("NOTIFY_EXAMPLES", "12")), stateful_step_count=30
)
