"""Which reasons are new. Each is an episode: known from the first time it is seen, and told once or never.

A reason is news if it began after its organization was first seen here, and belongs to a stretch that was not known.
What an edit of the catalog alone brings up is known, not told; so is what the same publication shows again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.catalog import Recipient
from pipelines.notify import outbox
from pipelines.notify.reasons import HEALTH_RANKS, ProductState, Reason, Snapshot
from pipelines.notify.routing import PER_REASON, messages_for
from pipelines.notify.store import opened, transaction

KNOWN = """
select rule, organization, subject, max(max(opened_at, known_at)) from episodes group by rule, organization, subject
"""
NOTE_RUN = "insert or replace into evaluation values (1, ?, ?, ?)"
NOTE_ORGANIZATION = """
insert into organizations values (:slug, :at, :at)
on conflict (organization) do update set synced_at = max(synced_at, excluded.synced_at)
"""
NOTE_EPISODE = "insert or ignore into episodes values (?, ?, ?, ?, ?, ?)"


def baseline(db: sqlite3.Connection) -> datetime | None:
    """Return since when any organization is known, None if none is: no reason that began before can be news."""
    (found,) = db.execute("select min(baseline_at) from organizations").fetchone()
    return datetime.fromisoformat(found) if found else None


def begin_anew(path: Path, umask: int, now: datetime) -> None:
    """Let what began before `now` be known: what the record of a backup does not hold may have been sent already.

    `now`: naive UTC. An earlier publication is not evaluated; health begins anew with the next.
    """
    with opened(path, umask) as db, transaction(db):
        at = now.isoformat(timespec="seconds")
        db.execute("update evaluation set as_of = max(as_of, ?)", [at])
        db.execute("update organizations set baseline_at = max(baseline_at, ?)", [at])
        db.execute("delete from products")
        db.execute(
            "update messages set state = 'unknown', error = 'it may have been sent after the backup was made' "
            # Of a ticket its label tells.
            f"where state in ('pending', 'sending') and channel not in ({', '.join(map(repr, PER_REASON))})"
        )


def evaluate(
    db: sqlite3.Connection, snapshot: Snapshot, recipients: Sequence[Recipient], now: datetime
) -> int:
    """Note what the publication shows, and put the messages about what is new into the outbox: all, or nothing.

    `now`: naive UTC by this machine's clock. Returns how many reasons are news. The first time tells nothing.
    """
    with transaction(db):
        last = db.execute("select as_of, catalog from evaluation").fetchone()
        if last and snapshot.as_of < datetime.fromisoformat(last["as_of"]):
            return 0  # an earlier publication was put back
        seen = _Seen(
            is_silent=last is not None and snapshot.as_of == datetime.fromisoformat(last["as_of"]),
            is_edited=last is not None and snapshot.catalog != last["catalog"],
        )
        news = [*_issue_news(db, snapshot, seen), *_health_news(db, snapshot, seen)]
        for slug, at in snapshot.organizations.items():
            if at is not None:
                db.execute(NOTE_ORGANIZATION, {"slug": slug, "at": at.isoformat()})
        db.execute(NOTE_RUN, [snapshot.as_of.isoformat(), snapshot.run_id, snapshot.catalog])
        outbox.put(db, messages_for(news, recipients, snapshot), now)
    return len(news)


@dataclass(frozen=True)
class _Seen:
    """`is_silent`: this publication shows no later data than the last; `is_edited`: the catalog has changed since."""

    is_silent: bool
    is_edited: bool


def _issue_news(db: sqlite3.Connection, snapshot: Snapshot, seen: _Seen) -> list[Reason]:
    horizons = {
        row["organization"]: (
            datetime.fromisoformat(row["baseline_at"]),
            datetime.fromisoformat(row["synced_at"]),
        )
        for row in db.execute("select * from organizations")
    }
    known = {tuple(row)[:3]: row[3] for row in db.execute(KNOWN)}
    episodes, news = [], []
    for reason in snapshot.reasons:
        synced_at = snapshot.organizations.get(reason.organization)
        if synced_at is None or reason.organization not in horizons:
            continue
        baseline_at, horizon = horizons[reason.organization]
        opened_at = reason.opened_at.isoformat()
        key = (reason.rule, reason.organization, reason.subject)
        # Not only the very same time: better knowledge of when a stretch began makes no new one.
        if reason.at <= baseline_at or opened_at <= known.get(key, ""):
            continue
        is_old = seen.is_silent or (seen.is_edited and reason.at <= horizon)
        is_told = reason.is_counted and not is_old
        episodes.append((*key, opened_at, synced_at.isoformat(), is_told))
        if is_told:
            news.append(reason)
    db.executemany(NOTE_EPISODE, episodes)
    return news


def _health_news(db: sqlite3.Connection, snapshot: Snapshot, seen: _Seen) -> Iterator[Reason]:
    before = dict(map(tuple, db.execute("select product_id, health from products")))
    is_complete = {slug for slug, at in snapshot.organizations.items() if at is not None}
    states = [state for state in snapshot.products if state.organizations <= is_complete]
    for state, was in _changes(states, before):
        db.execute(
            "insert or replace into products values (?, ?)", [state.product_id, state.health]
        )
        if was is None or seen.is_silent:
            continue
        if is_health_news(state.health, was):
            db.execute(
                NOTE_EPISODE,
                [
                    *("health", "", state.product_id),
                    *(state.since.isoformat(), snapshot.as_of.isoformat(), True),
                ],
            )
            yield health_reason(state, was)


def _changes(
    states: Iterable[ProductState], before: dict[str, str]
) -> Iterator[tuple[ProductState, str | None]]:
    """Return each product whose health is another, with the one before; to have no data is no change."""
    for state in states:
        was = before.get(state.product_id)
        if state.health != was and (state.health in HEALTH_RANKS or was is None):
            yield state, was


def is_health_news(now: str, was: str) -> bool:
    """Return whether a product got worse, or is healthy again."""
    if now not in HEALTH_RANKS:
        return False
    rank, before = HEALTH_RANKS[now], HEALTH_RANKS.get(was, 0)
    return rank > before or (rank == 0 and before > 0)


def health_reason(state: ProductState, was: str) -> Reason:
    """Return the reason that the health of a product is another than it was."""
    words = {"at_risk": "at risk", "no_data": "without data"}
    return Reason(
        rule="health",
        organization="",
        subject=state.product_id,
        opened_at=state.since,
        at=state.since,
        title=f"{state.product_name} is {words.get(state.health, state.health)}, was {words.get(was, was)}",
        team=state.team,
        product_id=state.product_id,
        product_name=state.product_name,
        product_priority=state.product_priority,
        detail=state.health_reason,
        is_better=state.health == "healthy",
    )
