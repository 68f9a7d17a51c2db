"""A deployment with a stand-in for Jira, Cloud or Data Center, to which the real client speaks."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pipelines.notify import delivery, store
from pipelines.notify.channels.jira import Jira
from pipelines.notify.evaluation import evaluate
from pipelines.notify.reasons import Reason
from pipelines.notify.tickets import changes
from pipelines.notify.tickets.ticket import all_newest
from pipelines.settings import Settings
from tests.notify.fake_jira import TOKEN, USER, FakeJira
from tests.notify.messages import AS_OF, reason, recipient, snapshot

SHOP = recipient(channel="jira", address="SHOP")


class Clock:
    def __init__(self) -> None:
        self.now = AS_OF

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


class Town:
    """A deployment with a Jira: what is published is evaluated, and what is due is sent."""

    def __init__(self, folder: Path, jira: FakeJira, clock: Clock) -> None:
        self.jira, self.clock = jira, clock
        self.settings = Settings(
            data_dir=folder,
            seeds_dir=folder,
            pages_url="https://products.example.com",
            jira_url=jira.url,
            jira_user=USER if jira.is_cloud else "",
            jira_token=SecretStr(TOKEN),
        )
        self.channel = Jira(clock)
        with store.opened(self.settings.notify_state) as db:
            evaluate(db, snapshot(), [SHOP], AS_OF)

    def publish(self, *reasons: Reason, **issue: Any) -> None:
        """Evaluate a publication of three hours later; `issue`: what becomes of the issue with a ticket."""
        self.clock.forward(hours=3)
        hours = (self.clock.now - AS_OF) / timedelta(hours=1)
        facts = {
            "issue_id": "1",
            "title": "ValueError: 1",
            "url": "https://sentry.example/issues/1/",
        }
        facts |= {"status": "unresolved", "opened_at": AS_OF, "resolved_at": None}
        product = {"product_id": "checkout", "product_name": "Checkout", "product_priority": "high"}
        shown = changes.Issue(**(facts | product | issue))
        with store.opened(self.settings.notify_state) as db:
            found = [(ticket, shown) for ticket in all_newest(db)] if issue else []
            changes.note(db, found, {"SHOP": SHOP}, self.clock.now, self.clock.now)
            evaluate(db, snapshot(*reasons, hours=hours), [SHOP], self.clock.now)

    def deliver(self) -> list[str]:
        """Send what is due; returns the errors of what still waits."""
        delivery.deliver(self.settings, {"jira": self.channel}, self.clock)
        with store.opened(self.settings.notify_state) as db:
            rows = db.execute(
                "select error from messages where state = 'pending' order by message_id"
            )
            return [row["error"] for row in rows]

    def new(self, subject: str = "1", **facts: Any) -> Reason:
        at = self.clock.now + timedelta(hours=1)
        return reason(subject, **({"opened_at": at, "at": at} | facts))
