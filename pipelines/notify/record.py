"""What was sent, what waits, and what is unknown: read by the pages, which write nothing. No address is in it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.catalog.recipient_values import environment_name
from pipelines.notify import store
from pipelines.notify.store import NotifyError

MOST = 50
LATEST = """
select created_at, due_at, state, team, channel, address, rule, subject, tries, error
from messages order by message_id desc limit ?
"""
COUNTS = "select state, count(*) from messages group by state order by state"


@dataclass(frozen=True)
class Record:
    """The latest messages, how many there are of each state, and why they cannot be read, None if they can."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    problem: str | None = None


def latest(path: Path | None) -> Record:
    """Return the record; an empty one where nothing was ever notified."""
    if path is None or not path.exists():
        return Record()
    try:
        with store.read(path) as db:
            tables = {name for (name,) in db.execute("select name from sqlite_master")}
            if "messages" not in tables:
                return Record()
            rows = db.execute(LATEST, [MOST]).fetchall()
            counts = dict(map(tuple, db.execute(COUNTS)))
    except (sqlite3.Error, NotifyError) as error:
        return Record(problem=f"The record of the notifications cannot be read: {error}")
    return Record([_shown(row) for row in rows], counts)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    facts = dict(row)
    facts["to"] = recipient_name(*(facts.pop(name) for name in ("team", "channel", "address")))
    times = {name: datetime.fromisoformat(facts[name]) for name in ("created_at", "due_at")}
    return facts | times


def recipient_name(team: str | None, channel: str, address: str) -> str:
    """Return what a recipient is called, without what lets anybody write there."""
    return f"{team or 'every team'}, {shown_address(channel, address)}"


def shown_address(channel: str, address: str) -> str:
    """Return a recipient without what lets anybody write there."""
    if channel.startswith("failure_"):
        return address
    if environment_name(address) is not None:
        return f"{channel} (address in the environment)"
    if channel in ("mail", "jira"):
        return f"{channel} {address}"
    parts = urlsplit(address)
    return f"{channel} {parts.hostname}" if channel == "webhook" else f"{channel} {parts.scheme}"
