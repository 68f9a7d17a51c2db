"""What would have been sent: the last days again, run by run, through the same rules and the same outbox."""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb

from pipelines.catalog import Recipient
from pipelines.catalog.finding import counted
from pipelines.notify import outbox, store
from pipelines.notify.evaluation import health_reason, is_health_news
from pipelines.notify.published_reasons import reasons, snapshot
from pipelines.notify.reasons import ProductState, Reason, Snapshot
from pipelines.notify.routing import Draft, messages_for, recipient_key

DAYS = 7
RUNS = """
select distinct started_at from marts.sync_runs
where started_at > $since and status in ('complete', 'partial') order by 1
"""
HEALTH = """
with versions as (
    select *, lag(health) over (partition by product_id order by valid_from) as before
    from marts.product_health_history
)
select products.product_id, products.product_name, coalesce(products.owner_team, '(unowned)'),
    products.product_priority, versions.health, coalesce(versions.health_reason, ''), versions.valid_from,
    versions.before
from versions
inner join marts.dim_products as products on versions.product_id = products.product_id
where versions.valid_from > $since and versions.before is not null and products.is_active
"""


@dataclass(frozen=True)
class Expected:
    """What a recipient would have been sent: messages by rule, and the reasons in them."""

    recipient: Recipient
    messages: Counter[str]
    reasons: int

    @property
    def words(self) -> str:
        """What it would have been sent, in words that go on after its name."""
        count = sum(self.messages.values())
        if not count:
            return f"would have been sent nothing in the last {DAYS} days"
        rules = ", ".join(f"{number:,} {rule}" for rule, number in self.messages.most_common())
        return (
            f"would have been sent {counted(count, 'message')} in the last {DAYS} days "
            f"({rules}) about {counted(self.reasons, 'reason')}"
        )


def expected(
    published: duckdb.DuckDBPyConnection, recipients: Sequence[Recipient], days: int = DAYS
) -> list[Expected]:
    """Return what each recipient would have been sent in the last days, from what is known of them today.

    Runs that `sync_runs` does not hold are taken to have been every three hours.
    """
    shown = snapshot(published, None, "")
    since = shown.as_of - timedelta(days=days)
    runs = _runs(published, since, shown.as_of)
    by_run: defaultdict[datetime, list[Reason]] = defaultdict(list)
    for reason in (*reasons(published, since, is_past=True), *_health(published, since)):
        place = bisect_left(runs, reason.at)
        if reason.is_counted and place < len(runs):
            by_run[runs[place]].append(reason)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    told: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        store.opened(Path(folder) / "notify.sqlite") as db,
    ):
        db.execute("pragma synchronous = off")
        for at, found in sorted(by_run.items()):
            drafts = list(messages_for(found, recipients, _at(shown, at)))
            with store.transaction(db):
                # What was due before has been sent by now, so that only what waits is joined.
                db.execute("update messages set state = 'sent' where due_at <= ?", [at.isoformat()])
                outbox.put(db, drafts, at)
            for draft in drafts:
                told[recipient_key(draft.recipient)] += _size(draft)
        for who, rule, count in db.execute(
            "select recipient, rule, count(*) from messages group by 1, 2"
        ):
            counts[who][rule] = count
    keys = {recipient_key(each): each for each in recipients}
    return [Expected(each, counts[key], told[key]) for key, each in keys.items()]


def _at(shown: Snapshot, at: datetime) -> Snapshot:
    return Snapshot(at, at.isoformat(), "", shown.organizations, (), (), shown.parents)


def _size(draft: Draft) -> int:
    return sum(group["count"] for group in draft.payload["groups"])


def _runs(published: duckdb.DuckDBPyConnection, since: datetime, as_of: datetime) -> list[datetime]:
    known = [row[0] for row in published.execute(RUNS, {"since": since}).fetchall()]
    runs = [since]
    for before, at in pairwise([since, *(known or [as_of]), as_of]):
        # Before the first run that is known there is a gap; a run then is every three hours.
        step = before + timedelta(hours=3)
        while step < at:
            runs.append(step)
            step += timedelta(hours=3)
        runs.append(at)
    return sorted(set(runs))


def _health(published: duckdb.DuckDBPyConnection, since: datetime) -> list[Reason]:
    found = []
    for *facts, before in published.execute(HEALTH, {"since": since}).fetchall():
        product_id, name, team, priority, health, reason, at = facts
        state = ProductState(product_id, name, team, priority, health, reason, at, frozenset())
        if is_health_news(health, before):
            found.append(health_reason(state, before))
    return found
