"""The messages: pending, sending, sent; and when each is due.

`unknown`: it may have gone out or not, since its process ended while it was on its way. It is not sent again by itself.
`failed`: it was refused, or could not be sent after all tries.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from pipelines.catalog import Recipient
from pipelines.catalog.recipient_check import TICKET_RULES
from pipelines.notify.reasons import rank_of
from pipelines.notify.routing import PER_REASON, Draft, merged, recipient_key
from pipelines.notify.store import transaction
from pipelines.notify.when import after_quiet_hours, midnight

MOST_PER_DAY = 20
MOST_TRIES = 10
FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=6)
KEPT = timedelta(days=90)

_PER_REASON = f"channel in ({', '.join(map(repr, sorted(PER_REASON)))})"
INSERT = """
insert or ignore into messages (
    key, recipient, team, channel, address, timezone, rule, subject, payload, state, tries, created_at, due_at
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?, ?)
"""
WAITING = """
select * from messages where recipient = ? and rule = ? and state = 'pending' and tries = 0 and due_at > ?
order by message_id limit 1
"""
OF_DAY = "select count(*) from messages where recipient = ? and due_at >= ? and due_at < ?"
# That an issue with a ticket was resolved or came back is not bounded: there are no more of these than tickets.
_OF_TICKETS = f"rule in ({', '.join(map(repr, TICKET_RULES))})"
_UNTRIED = "state = 'pending' and tries = 0"
TICKETS_OF_DAY = f"{OF_DAY} and {_OF_TICKETS} and not ({_UNTRIED})"
UNTRIED_TICKETS = f"""
select message_id, json_extract(payload, '$.groups[0].product_priority') as product_priority
from messages where recipient = ? and {_OF_TICKETS} and {_UNTRIED} order by message_id
"""
# Tickets last, each of which takes several requests; and what waits for one channel keeps nothing of another's out.
DUE = f"""
select * from (
    select *, row_number() over (partition by channel order by due_at, message_id) as place
    from messages where state = 'pending' and due_at <= ?
) where place <= 1000 order by {_PER_REASON}, due_at, message_id
"""


@dataclass(frozen=True)
class Message:
    """One message as it is sent. `address` may be `env:NAME`; `key` is the same at every try."""

    message_id: int
    key: str
    team: str | None
    channel: str
    address: str
    rule: str
    payload: dict[str, Any]
    created_at: datetime
    tries: int


def put(db: sqlite3.Connection, drafts: Iterable[Draft], now: datetime) -> None:
    """Add the messages, in the caller's transaction: due now, or after quiet hours, or the next day beyond the bound.

    One that has to wait is joined to the one of its recipient and rule that waits already; tickets stay apart.
    """
    with_tickets = {}
    for draft in drafts:
        _put(db, draft, now)
        if draft.recipient.channel in PER_REASON:
            with_tickets[recipient_key(draft.recipient)] = draft.recipient
    for who, recipient in with_tickets.items():
        _spread_tickets(db, recipient, who, now)


def _put(db: sqlite3.Connection, draft: Draft, now: datetime) -> None:
    who = recipient_key(draft.recipient)
    if draft.rule == "sla_breached" and draft.recipient.channel not in PER_REASON:
        _withdraw_at_risk(db, who, draft)
    due_at = after_quiet_hours(draft.recipient, now, draft.is_critical)
    payload = draft.payload
    if draft.recipient.channel not in PER_REASON and payload["kind"] == "alert":
        due_at, is_last = _within_bound(db, draft, who, due_at)
        waiting = db.execute(WAITING, [who, draft.rule, now.isoformat()]).fetchone()
        if waiting and due_at > now:
            joined = merged(json.loads(waiting["payload"]), payload)
            db.execute(
                "update messages set payload = ? where message_id = ?",
                [json.dumps(joined), waiting["message_id"]],
            )
            return
        if is_last:
            payload = {**payload, "is_last_of_day": True}
    insert(db, draft.recipient, draft.rule, draft.key, payload, now, due_at)


def insert(
    db: sqlite3.Connection,
    recipient: Recipient,
    rule: str,
    key: str,
    payload: dict[str, Any],
    now: datetime,
    due_at: datetime,
) -> None:
    """Add one message; the same key again changes nothing."""
    db.execute(
        INSERT,
        [
            *(key, recipient_key(recipient), recipient.team, recipient.channel, recipient.address),
            *(recipient.timezone, rule, subject_of(payload), json.dumps(payload)),
            *(now.isoformat(), due_at.isoformat()),
        ],
    )


def subject_of(payload: dict[str, Any]) -> str:
    """Return in a few words what a message is about, for who looks at the outbox."""
    if payload["kind"] != "alert":
        return str(payload["subject"])
    names = [group["product_name"] or "(unassigned)" for group in payload["groups"]]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _withdraw_at_risk(db: sqlite3.Connection, who: str, draft: Draft) -> None:
    """Take out of what waits that an issue is at risk, where the same recipient is now told that it is late."""
    late = {
        (item["organization"], item["subject"])
        for group in draft.payload["groups"]
        for item in group["items"]
    }
    rows = db.execute(
        "select message_id, payload from messages where recipient = ? and rule = 'sla_at_risk' "
        "and state = 'pending' and tries = 0",
        [who],
    ).fetchall()
    for row in rows:
        payload = json.loads(row["payload"])
        for group in payload["groups"]:
            kept = [i for i in group["items"] if (i["organization"], i["subject"]) not in late]
            group["count"] -= len(group["items"]) - len(kept)
            group["items"] = kept
        payload["groups"] = [group for group in payload["groups"] if group["count"]]
        if payload["groups"]:
            db.execute(
                "update messages set payload = ? where message_id = ?",
                [json.dumps(payload), row["message_id"]],
            )
        else:
            db.execute("delete from messages where message_id = ?", [row["message_id"]])


def _within_bound(
    db: sqlite3.Connection, draft: Draft, who: str, due_at: datetime
) -> tuple[datetime, bool]:
    """Return when the message is due so that no day has too many, and whether it is the last of its day."""
    while True:
        start, end = (midnight(draft.recipient, due_at, days) for days in (0, 1))
        (count,) = db.execute(OF_DAY, [who, start.isoformat(), end.isoformat()]).fetchone()
        if count < MOST_PER_DAY:
            return due_at, count == MOST_PER_DAY - 1
        due_at = after_quiet_hours(draft.recipient, end, draft.is_critical)


def _spread_tickets(db: sqlite3.Connection, recipient: Recipient, who: str, now: datetime) -> None:
    """Let no day have too many tickets; those of the most urgent products come first, also of all that wait."""
    first = after_quiet_hours(recipient, now)
    start, end = (midnight(recipient, first, days).isoformat() for days in (0, 1))
    (count,) = db.execute(TICKETS_OF_DAY, [who, start, end]).fetchone()
    untried = db.execute(UNTRIED_TICKETS, [who]).fetchall()
    untried.sort(key=lambda row: rank_of(row["product_priority"]))
    placed = enumerate(untried, count)
    for days, rows in groupby(placed, lambda each: each[0] // MOST_PER_DAY):
        day = midnight(recipient, first, days)
        due_at = after_quiet_hours(recipient, day) if days else first
        db.executemany(
            "update messages set due_at = ? where message_id = ?",
            [(due_at.isoformat(), row["message_id"]) for _, row in rows],
        )


def due(db: sqlite3.Connection, now: datetime) -> list[Message]:
    """Return the messages that are to be sent now, the longest due first."""
    return [_message(row) for row in db.execute(DUE, [now.isoformat()])]


def _message(row: sqlite3.Row) -> Message:
    return Message(
        message_id=row["message_id"],
        key=row["key"],
        team=row["team"],
        channel=row["channel"],
        address=row["address"],
        rule=row["rule"],
        payload=json.loads(row["payload"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        tries=row["tries"],
    )


def begin(db: sqlite3.Connection, message: Message, now: datetime) -> None:
    """Note, before anything leaves, that the message is on its way."""
    with transaction(db):
        db.execute(
            "update messages set state = 'sending', tries = tries + 1, tried_at = ?, error = null where message_id = ?",
            [now.isoformat(), message.message_id],
        )


def end(db: sqlite3.Connection, message: Message, state: str, error: str | None = None) -> None:
    """Note what became of the message: `sent`, `unknown` or `failed`."""
    with transaction(db):
        db.execute(
            "update messages set state = ?, error = ? where message_id = ?",
            [state, error, message.message_id],
        )


def postpone(
    db: sqlite3.Connection, message: Message, error: str, now: datetime, wait: float | None = None
) -> None:
    """Note that nothing left: it is tried again, each time after twice as long, and fails after the last try.

    A ticket is as good days later. `wait`: the seconds for which nothing more goes by this way.
    """
    tries = message.tries + 1
    due_at = now + min(FIRST_WAIT * 2 ** min(tries - 1, MOST_TRIES), LONGEST_WAIT)
    is_over = tries >= MOST_TRIES
    if message.channel in PER_REASON:
        is_over = now > message.created_at + KEPT
    state = "failed" if is_over else "pending"
    with transaction(db):
        db.execute(
            "update messages set state = ?, error = ?, due_at = ? where message_id = ?",
            [state, error, due_at.isoformat(), message.message_id],
        )
        if wait:
            until = now + min(timedelta(seconds=wait), LONGEST_WAIT)
            db.execute(
                "update messages set due_at = max(due_at, ?) where channel = ? and state = 'pending'",
                [until.isoformat(), message.channel],
            )


def settle_interrupted(db: sqlite3.Connection, repeatable: Iterable[str]) -> None:
    """Settle what a process that has ended was sending: it is unknown, or waits again where twice is harmless."""
    channels = list(repeatable)
    with transaction(db):
        db.execute(
            f"update messages set state = 'pending' where state = 'sending' and (tries < ? or {_PER_REASON}) "
            f"and channel in ({', '.join('?' * len(channels))})",
            [MOST_TRIES, *channels],
        )
        db.execute(
            "update messages set state = 'unknown', error = 'its process ended while it was on its way' "
            "where state = 'sending'"
        )


def forget_old(db: sqlite3.Connection, now: datetime) -> None:
    """Remove the messages of long ago that are settled."""
    with transaction(db):
        db.execute(
            "delete from messages where created_at < ? and state not in ('pending', 'sending')",
            [(now - KEPT).isoformat()],
        )
