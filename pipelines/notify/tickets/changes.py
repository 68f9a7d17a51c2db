"""Issues with a ticket that were resolved, or came back: messages to the ticket, put into the outbox."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from pipelines.catalog import Recipient, read_recipients
from pipelines.catalog.recipient_values import environment_name
from pipelines.environment import from_environment
from pipelines.notify import outbox, store
from pipelines.notify.published_reasons import query
from pipelines.notify.tickets.ticket import Ticket, all_newest, change, place_of
from pipelines.notify.when import after_quiet_hours
from pipelines.publish import open_published
from pipelines.settings import Settings


@dataclass(frozen=True)
class Issue:
    """An issue as published, with what a comment says of it. Times are naive UTC by Sentry's clock."""

    issue_id: str
    status: str
    opened_at: datetime
    resolved_at: datetime | None
    title: str
    url: str | None
    product_id: str | None
    product_name: str | None
    product_priority: str | None


def note_changes(settings: Settings, now: datetime) -> int:
    """Note what became of the issues with a ticket, and put it into the outbox; returns how many messages that are.

    Only of organizations that the publication's sync completed, and of no earlier publication than the last. `now`:
    naive UTC by this machine's clock. Raises PublishError, NotifyError and sqlite3.Error.
    """
    if not settings.notify_state.exists():
        return 0
    with store.opened(settings.notify_state, settings.umask) as db:
        # An issue that went to another organization keeps its id.
        tickets: defaultdict[str, list[Ticket]] = defaultdict(list)
        for ticket in all_newest(db):
            tickets[ticket.subject.issue_id].append(ticket)
        if not tickets:
            return 0
        with open_published(settings.published) as published:
            row = published.execute("select as_of from marts.publication").fetchone()
            assert row is not None  # the contract of what is published
            issues = list(_issues(published, list(tickets)))
        changes = [(ticket, issue) for issue in issues for ticket in tickets[issue.issue_id]]
        return note(db, changes, _by_project(settings), row[0], now)


def note(
    db: sqlite3.Connection,
    found: Sequence[tuple[Ticket, Issue]],
    recipients: dict[str, Recipient],
    as_of: datetime,
    now: datetime,
) -> int:
    """Put what is new about these issues into the outbox, for projects that still have a recipient; return how many."""
    count = 0
    with store.transaction(db):
        last = db.execute("select as_of from evaluation").fetchone()
        if last and as_of < datetime.fromisoformat(last["as_of"]):
            return 0  # an earlier publication was put back
        for ticket, issue in found:
            recipient = recipients.get(ticket.subject.project)
            rule = _change(ticket, issue)
            if recipient is None or rule is None:
                continue
            if rule == "regressed":
                until = max(issue.opened_at, as_of)
                change(db, ticket, seen_until=until, resolved_at=None)
            else:
                change(db, ticket, resolved_at=issue.resolved_at or as_of)
            payload = _payload(rule, ticket, issue, as_of)
            key = _key(ticket, rule, payload)
            due_at = after_quiet_hours(recipient, now)
            outbox.insert(db, recipient, rule, key, payload, now, due_at)
            count += 1
    return count


def _change(ticket: Ticket, issue: Issue) -> str | None:
    if issue.status == "unresolved" and issue.opened_at > ticket.seen_until:
        return "regressed"
    if issue.status == "resolved" and ticket.resolved_at is None:
        return "resolved"
    return None


def _issues(published: duckdb.DuckDBPyConnection, issue_ids: list[str]) -> Iterator[Issue]:
    cursor = published.execute(query("tickets/issues"), {"issue_ids": issue_ids})
    for row in cursor.fetchall():
        yield Issue(*row)


def _payload(rule: str, ticket: Ticket, issue: Issue, as_of: datetime) -> dict[str, Any]:
    at = issue.opened_at if rule == "regressed" else issue.resolved_at or as_of
    item = {
        "organization": ticket.subject.organization,
        "subject": ticket.subject.issue_id,
        "opened_at": issue.opened_at.isoformat(),
        "at": at.isoformat(),
        "title": issue.title,
        "url": issue.url,
        "detail": "",
    }
    group = {
        "product_id": issue.product_id,
        "product_name": issue.product_name,
        "product_priority": issue.product_priority,
        "count": 1,
        "items": [item],
    }
    return {"kind": "alert", "rule": rule, "as_of": as_of.isoformat(), "groups": [group]}


def _key(ticket: Ticket, rule: str, payload: dict[str, Any]) -> str:
    at = payload["groups"][0]["items"][0]["at"]
    return hashlib.sha256("\n".join((ticket.label, rule, at)).encode()).hexdigest()[:32]


def _by_project(settings: Settings) -> dict[str, Recipient]:
    """Return a recipient of each project that recipients.csv has tickets created in."""
    found: dict[str, Recipient] = {}
    for row in read_recipients(settings.seeds):
        if row.channel == "jira":
            name = environment_name(row.address)
            address = from_environment(name) if name else row.address
            found.setdefault(place_of(address).project, row)
    return found
