"""The states of tickets read back from Jira, and all that is known of tickets, as `fct_tickets` shows it."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.notify import store
from pipelines.notify.tickets.jira_server import BATCH, JiraServer, State
from pipelines.settings import Settings

MOST = 1000  # tickets in one run, those that were read the longest ago
LONGEST = 30.0  # seconds
OLDEST_FIRST = """
select ticket_id, label, ticket_key from tickets where ticket_key is not null
order by refreshed_at nulls first, ticket_id limit ?
"""
KNOWN = """
select
    project,
    organization as organization_slug,
    issue_id,
    ticket_key,
    url as ticket_url,
    status as ticket_status,
    status_category as ticket_status_category,
    earlier_key as earlier_ticket_key,
    ticket_id = max(ticket_id) over (partition by project, organization, issue_id) as is_latest,
    opened_at,
    created_at,
    ticket_resolved_at,
    refreshed_at
from tickets
-- A label that was copied by hand could lead two to the same ticket.
where ticket_id in (select max(ticket_id) from tickets where ticket_key is not null group by ticket_key)
order by ticket_id
"""
GONE = "deleted"


@dataclass(frozen=True)
class _Row:
    ticket_id: int
    label: str
    key: str


def refresh(settings: Settings, server: JiraServer, now: datetime) -> int:
    """Note the state that Jira shows of the tickets, as many as there is time for; returns how many.

    `now`: naive UTC. Raises JiraProblemError, NotifyError and sqlite3.Error.
    """
    count, deadline = 0, time.monotonic() + LONGEST
    with store.opened(settings.notify_state, settings.umask) as db:
        rows = [_Row(*row) for row in db.execute(OLDEST_FIRST, [MOST])]
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            found = server.states([row.label for row in batch])
            for row in batch:
                if time.monotonic() > deadline:
                    return count
                # The search knows none whose label was taken away, nor yet the newest; a moved one has another key.
                state = found.get(row.key) or server.state(row.key)
                _note(db, row, state, server, now)
                count += 1
    return count


def known(settings: Settings) -> list[dict[str, Any]]:
    """Return every ticket, as `ops.tickets` of the warehouse holds it. Raises NotifyError and sqlite3.Error."""
    if not settings.notify_state.exists():
        return []
    with store.opened(settings.notify_state, settings.umask) as db:
        return [dict(row) for row in db.execute(KNOWN)]


def _note(
    db: sqlite3.Connection, row: _Row, state: State | None, server: JiraServer, now: datetime
) -> None:
    facts = (state.status, state.category, state.resolved_at) if state else (None, GONE, None)
    status, category, resolved_at = facts
    key = state.key if state else row.key
    with store.transaction(db):
        db.execute(
            "update tickets set ticket_key = ?, url = ?, status = ?, status_category = ?, ticket_resolved_at = ?, "
            "refreshed_at = ? where ticket_id = ?",
            [
                *(key, server.url_of(key)),
                *(status, category, resolved_at.isoformat() if resolved_at else None),
                *(now.isoformat(timespec="seconds"), row.ticket_id),
            ],
        )
