"""What is news, who is told of it, and when: over the outbox of a real file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from pipelines.catalog import Recipient
from pipelines.catalog.recipient_values import QuietHours
from pipelines.notify import outbox, store
from pipelines.notify.evaluation import begin_anew, evaluate
from pipelines.notify.reasons import ProductState, Reason, Snapshot
from pipelines.notify.routing import MOST_LINES
from pipelines.notify.store import NotifyError
from tests.notify.messages import AS_OF, reason, recipient, snapshot

NIGHT = QuietHours(time(22), time(7))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with store.opened(tmp_path / "notify.sqlite") as opened:
        evaluate(opened, snapshot(), [recipient()], AS_OF)
        yield opened


def after(hours: float, subject: str = "1", **facts: object) -> Reason:
    """A reason that began so long after the first run."""
    at = AS_OF + timedelta(hours=hours)
    return reason(subject, **({"opened_at": at, "at": at} | facts))


def told(
    db: sqlite3.Connection,
    shown: Snapshot,
    *to: Recipient,
    now: datetime = AS_OF + timedelta(hours=3),
) -> list[str]:
    """Evaluate and return the titles in the messages that this adds or changes, those of a spike as their number."""
    before = {row["message_id"]: row["payload"] for row in db.execute("select * from messages")}
    evaluate(db, shown, to or [recipient()], now)
    titles = []
    for row in db.execute("select * from messages order by message_id").fetchall():
        if before.get(row["message_id"]) != row["payload"]:
            for group in json.loads(row["payload"])["groups"]:
                titles += [i["title"] for i in group["items"]] or [str(group["count"])]
    return titles


def test_the_first_run_and_the_first_of_an_organization_tell_nothing(
    db: sqlite3.Connection,
) -> None:
    assert told(db, snapshot(after(1), hours=3)) == ["ValueError: 1"]
    beta = after(4, "2", organization="beta")
    later = snapshot(beta, hours=6, organizations={"acme": None, "beta": AS_OF})
    assert told(db, later) == []


def test_an_organization_that_was_not_synced_is_told_of_when_it_is_back(
    db: sqlite3.Connection,
) -> None:
    assert told(db, snapshot(after(1), hours=3, organizations={"acme": None})) == []
    assert told(db, snapshot(after(1), hours=6)) == ["ValueError: 1"]
    assert told(db, snapshot(after(1), hours=9)) == []


def test_an_edit_tells_nothing_that_began_before_it(db: sqlite3.Connection) -> None:
    late = after(1, "2", rule="sla_breached")
    assert told(db, snapshot(hours=3)) == []
    rebuilt = snapshot(late, hours=3, run_id="rebuild", catalog="2")
    assert told(db, rebuilt) == []
    moved = replace(late, team="checkout", product_id="cart")
    assert told(db, snapshot(moved, after(5, "3"), hours=6, catalog="3")) == ["ValueError: 3"]


def test_a_stretch_whose_beginning_becomes_better_known_is_no_new_one(
    db: sqlite3.Connection,
) -> None:
    late = after(1, rule="sla_breached")
    assert told(db, snapshot(late, hours=3)) == ["ValueError: 1"]
    corrected = replace(late, opened_at=AS_OF + timedelta(hours=2))
    assert told(db, snapshot(corrected, hours=6)) == []
    assert told(db, snapshot(after(8, rule="sla_breached"), hours=9)) == ["ValueError: 1"]


def test_teams_rules_and_priorities_decide_who_is_told(db: sqlite3.Connection) -> None:
    rows = [
        recipient(team=None, address="all@x"),
        recipient(team="(unowned)", address="unowned@x"),
        recipient(min_priority="critical", address="critical@x"),
        recipient(rules=("health",), address="health@x"),
        recipient(team="COMMERCE", address="team@x"),
    ]
    unowned = after(1, "2", team="(unowned)", product_id="odd", product_priority=None)
    evaluate(db, snapshot(after(1), unowned, hours=3), rows, AS_OF)
    found = db.execute("select address, subject from messages order by message_id").fetchall()
    assert [tuple(row) for row in found] == [
        ("all@x", "Checkout, Checkout"),
        ("unowned@x", "Checkout"),
        ("team@x", "Checkout"),
    ]


def test_more_than_twenty_of_a_product_are_one_line_and_a_message_has_an_end(
    db: sqlite3.Connection,
) -> None:
    many = [after(1, str(n)) for n in range(21)]
    assert told(db, snapshot(*many, hours=3)) == ["21"]
    spread = [after(4, f"{n}-{p}", product_id=str(p)) for p in range(60) for n in range(9)]
    assert len(told(db, snapshot(*spread, hours=6))) <= MOST_LINES


def test_quiet_hours_gather_and_end(db: sqlite3.Connection) -> None:
    quiet = recipient(quiet_hours=NIGHT, timezone="Europe/Berlin")
    at_night = datetime(2026, 11, 23, 23, 30)
    assert told(db, snapshot(after(1), hours=3), quiet, now=at_night) == ["ValueError: 1"]
    later = snapshot(after(4, "2"), hours=6)
    both = ["ValueError: 1", "ValueError: 2"]
    assert told(db, later, quiet, now=at_night + timedelta(hours=3)) == both
    [row] = db.execute("select due_at from messages").fetchall()
    assert row["due_at"] == "2026-11-24T06:00:00"


def test_what_is_about_critical_products_may_come_in_quiet_hours(db: sqlite3.Connection) -> None:
    quiet = recipient(quiet_hours=replace(NIGHT, is_critical_sent=True))
    at_night = datetime(2026, 11, 23, 23, 30)
    critical = after(1, "2", product_id="pay", product_priority="critical")
    evaluate(db, snapshot(after(1), critical, hours=3), [quiet], at_night)
    found = db.execute("select due_at from messages order by due_at").fetchall()
    assert [row["due_at"] for row in found] == ["2026-11-23T23:30:00", "2026-11-24T07:00:00"]


def test_what_waits_as_at_risk_and_turns_late_is_told_as_late_alone(
    db: sqlite3.Connection,
) -> None:
    quiet = recipient(quiet_hours=NIGHT)
    at_night = datetime(2026, 11, 23, 23, 30)
    told(db, snapshot(after(1, rule="sla_at_risk"), hours=3), quiet, now=at_night)
    told(db, snapshot(after(1, rule="sla_breached"), hours=6), quiet, now=at_night)
    found = db.execute("select rule from messages").fetchall()
    assert [row["rule"] for row in found] == ["sla_breached"]


def test_a_day_has_a_bound_and_what_is_beyond_comes_the_next(db: sqlite3.Connection) -> None:
    for n in range(1, 31):
        told(db, snapshot(after(n, str(n)), hours=n), now=AS_OF + timedelta(minutes=n))
    rows = db.execute("select payload, due_at from messages order by message_id").fetchall()
    assert len(rows) == outbox.MOST_PER_DAY + 1
    last, next_day = (json.loads(row["payload"]) for row in rows[-2:])
    assert last["is_last_of_day"]
    assert rows[-1]["due_at"] == "2026-11-24T00:00:00"
    assert next_day["groups"][0]["count"] == 10


def state(product: str, health: str, **facts: object) -> ProductState:
    row = {
        "product_id": product,
        "product_name": product.title(),
        "team": "commerce",
        "product_priority": None,
        "health": health,
        "health_reason": "",
        "since": AS_OF,
        "organizations": frozenset({"acme"}),
    }
    return ProductState(**(row | facts))


def test_health_is_told_for_the_worse_and_when_it_is_well_again(db: sqlite3.Connection) -> None:
    expected = {
        "no_data": [],
        "at_risk": ["Shop is at risk, was without data"],
        "critical": ["Shop is critical, was at risk"],
        "healthy": ["Shop is healthy, was critical"],
    }
    steps = [*expected, "critical", "at_risk", "no_data", "at_risk"]
    found = [
        told(db, snapshot(hours=n, products=(state("shop", h),))) for n, h in enumerate(steps, 3)
    ]
    assert found == [*expected.values(), ["Shop is critical, was healthy"], [], [], []]


def test_of_products_above_and_below_that_change_together_the_lowest_is_told(
    db: sqlite3.Connection,
) -> None:
    parents = {"shop": None, "cart": "shop", "pay": "shop"}
    for hours, health in ((3, "healthy"), (6, "critical")):
        products = tuple(state(each, health) for each in ("shop", "cart"))
        found = told(db, snapshot(hours=hours, products=products, parents=parents))
    assert found == ["Cart is critical, was healthy"]
    products = (state("shop", "critical"), state("cart", "critical"), state("pay", "healthy"))
    told(db, snapshot(hours=7, products=products, parents=parents))
    apart = (state("shop", "healthy"), state("cart", "critical"), state("pay", "critical"))
    found = told(db, snapshot(hours=8, products=apart, parents=parents))
    assert sorted(found) == ["Pay is critical, was healthy", "Shop is healthy, was critical"]
    broken = snapshot(hours=9, products=(state("cart", "healthy"),), organizations={"acme": None})
    assert told(db, broken) == []


def test_with_the_record_of_a_backup_what_has_begun_is_known(
    tmp_path: Path, db: sqlite3.Connection
) -> None:
    told(db, snapshot(after(1), hours=3))
    begin_anew(tmp_path / "notify.sqlite", 0o027, AS_OF + timedelta(hours=5))
    assert told(db, snapshot(after(4, "2"), hours=4)) == []
    assert told(db, snapshot(after(4, "2"), after(6, "3"), hours=6)) == ["ValueError: 3"]
    states = [row["state"] for row in db.execute("select state from messages order by message_id")]
    assert states == ["unknown", "pending"]


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 500]
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "damaged.sqlite"
    file.write_bytes(content)
    with pytest.raises(NotifyError, match=r"damaged.*Move it away"), store.opened(file):
        pass


def test_the_file_obeys_the_umask(tmp_path: Path) -> None:
    with store.opened(tmp_path / "a.sqlite", 0o077):
        pass
    assert (tmp_path / "a.sqlite").stat().st_mode & 0o777 == 0o600
