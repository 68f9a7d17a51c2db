"""The digests: what changed for a team since its last one, in the morning of its time zone."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.catalog import Recipient
from pipelines.notify import outbox, store
from pipelines.notify.delivery import utc_now
from pipelines.notify.digest_content import digest_payload
from pipelines.notify.news import recipients
from pipelines.notify.routing import recipient_key
from pipelines.notify.when import after_quiet_hours
from pipelines.publish import open_published
from pipelines.settings import Settings

HOUR = 8  # in the morning, of the recipient's time zone
PERIODS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}


def note_digests(settings: Settings, now: datetime | None = None) -> int:
    """Put the digests that are due into the outbox; returns how many say something.

    Each goes on where the last one of its recipient ended. `now`: naive UTC. Raises PublishError, NotifyError and
    sqlite3.Error.
    """
    now = now or utc_now()
    count = 0
    with (
        store.opened(settings.notify_state, settings.umask) as db,
        open_published(settings.published) as published,
    ):
        for recipient, day in _due(db, settings, now):
            assert recipient.digest is not None
            as_of = published.execute("select as_of from marts.publication").fetchone()
            assert as_of is not None  # the contract of what is published
            since = _covered_until(db, recipient) or as_of[0] - PERIODS[recipient.digest.period]
            payload = digest_payload(published, recipient, since)
            with store.transaction(db):
                if payload:
                    count += 1
                    key = _key(recipient, day)
                    due_at = after_quiet_hours(recipient, now)
                    outbox.insert(db, recipient, "digest", key, payload, now, due_at)
                _note(db, recipient, day, as_of[0])
    return count


def is_any_due(settings: Settings, now: datetime | None = None) -> bool:
    """Return whether a digest is to be made now. Raises NotifyError and sqlite3.Error."""
    if not settings.published.exists() or not any(row.digest for row in recipients(settings)):
        return False
    with store.opened(settings.notify_state, settings.umask) as db:
        return any(True for _ in _due(db, settings, now or utc_now()))


def _due(
    db: sqlite3.Connection, settings: Settings, now: datetime
) -> Iterator[tuple[Recipient, date]]:
    """Yield each recipient whose digest is due, with the day that it is the digest of."""
    for recipient in recipients(settings):
        if recipient.digest is None:
            continue
        local = now.replace(tzinfo=UTC).astimezone(ZoneInfo(recipient.timezone))
        day = local.date() if local.hour >= HOUR else local.date() - timedelta(days=1)
        if recipient.digest.period == "weekly":
            day -= timedelta(days=day.weekday())
        row = _row(db, recipient)
        # Who has just been added gets the first one with the next morning.
        if row is None:
            with store.transaction(db):
                _note(db, recipient, day, None)
        elif row["made_on"] < day.isoformat():
            yield recipient, day


def _row(db: sqlite3.Connection, recipient: Recipient) -> Any:
    return db.execute(
        "select made_on, covered_until from digests where recipient = ?", [recipient_key(recipient)]
    ).fetchone()


def _covered_until(db: sqlite3.Connection, recipient: Recipient) -> datetime | None:
    row = _row(db, recipient)
    return datetime.fromisoformat(row["covered_until"]) if row and row["covered_until"] else None


def _note(db: sqlite3.Connection, recipient: Recipient, day: date, until: datetime | None) -> None:
    db.execute(
        "insert or replace into digests values (?, ?, ?)",
        [recipient_key(recipient), day.isoformat(), until.isoformat() if until else None],
    )


def _key(recipient: Recipient, day: date) -> str:
    text = f"{recipient_key(recipient)}\ndigest\n{day}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
