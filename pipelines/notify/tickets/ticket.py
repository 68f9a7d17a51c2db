"""The tickets in `notify.sqlite`: one row per ticket, there before Jira is asked to create it."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pipelines.notify.store import transaction

DEFAULT_TYPE = "Bug"


class Place(NamedTuple):
    """Where tickets are created: a project of Jira's, and the type that they have there."""

    project: str
    issue_type: str


class Subject(NamedTuple):
    """What a ticket is about: one issue, in one project of Jira's. Its newest ticket is the one that counts."""

    project: str
    organization: str
    issue_id: str


@dataclass(frozen=True)
class Ticket:
    """One ticket. Times are naive UTC; `opened_at` and `seen_until` by Sentry's clock, the others by this machine's.

    `opened_at`: when the stretch began that it is about. A later stretch is another one if it began after
    `seen_until`: by then this one was known, so that an earlier time is only better knowledge of it. `asked_at`: since
    when Jira may have it without our knowing its key. `made_by`: the message that made it. `resolved_at`: that its
    issue was resolved is said, or on its way.
    """

    ticket_id: int
    label: str
    subject: Subject
    opened_at: datetime
    seen_until: datetime
    made_by: str
    earlier_key: str | None
    is_linked: bool
    asked_at: datetime | None
    key: str | None
    resolved_at: datetime | None


def place_of(address: str) -> Place:
    """Return the project and the type that an address names: `SHOP`, or `SHOP/Task`."""
    project, _, issue_type = address.partition("/")
    return Place(project, issue_type or DEFAULT_TYPE)


def label_of(subject: Subject, opened_at: datetime) -> str:
    """Return the label by which the ticket is found again."""
    text = "\n".join((*subject, opened_at.isoformat()))
    return f"sbp-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def newest(db: sqlite3.Connection, subject: Subject) -> Ticket | None:
    """Return the ticket that counts, None if there is none."""
    row = db.execute(
        "select * from tickets where project = ? and organization = ? and issue_id = ? "
        "order by ticket_id desc limit 1",
        subject,
    ).fetchone()
    return _ticket(row) if row else None


def all_newest(db: sqlite3.Connection) -> list[Ticket]:
    """Return the ticket that counts of each issue and project."""
    rows = db.execute(
        "select * from tickets where ticket_id in "
        "(select max(ticket_id) from tickets group by project, organization, issue_id)"
    )
    return [_ticket(row) for row in rows]


def begin(
    db: sqlite3.Connection,
    subject: Subject,
    opened_at: datetime,
    seen_until: datetime,
    made_by: str,
    earlier_key: str | None = None,
) -> Ticket:
    """Note that there is to be a ticket."""
    with transaction(db):
        db.execute(
            "insert into tickets (label, project, organization, issue_id, opened_at, seen_until, made_by, earlier_key, "
            "is_linked) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(label_of(subject, opened_at), *subject, opened_at.isoformat()),
                *(max(opened_at, seen_until).isoformat(), made_by, earlier_key),
                earlier_key is None,
            ],
        )
    found = newest(db, subject)
    assert found is not None  # it was inserted
    return found


def note(db: sqlite3.Connection, ticket: Ticket, **facts: Any) -> Ticket:
    """Note something about a ticket, and return it as it then is."""
    with transaction(db):
        change(db, ticket, **facts)
    row = db.execute("select * from tickets where ticket_id = ?", [ticket.ticket_id]).fetchone()
    return _ticket(row)


def change(db: sqlite3.Connection, ticket: Ticket, **facts: Any) -> None:
    """Note something about a ticket in the caller's transaction."""
    names = ", ".join(f"{name} = ?" for name in facts)
    values = [
        value.isoformat() if isinstance(value, datetime) else value for value in facts.values()
    ]
    db.execute(f"update tickets set {names} where ticket_id = ?", [*values, ticket.ticket_id])


def _ticket(row: sqlite3.Row) -> Ticket:
    return Ticket(
        ticket_id=row["ticket_id"],
        label=row["label"],
        subject=Subject(row["project"], row["organization"], row["issue_id"]),
        opened_at=datetime.fromisoformat(row["opened_at"]),
        seen_until=datetime.fromisoformat(row["seen_until"]),
        made_by=row["made_by"],
        earlier_key=row["earlier_key"],
        is_linked=bool(row["is_linked"]),
        asked_at=_time(row["asked_at"]),
        key=row["ticket_key"],
        resolved_at=_time(row["resolved_at"]),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
