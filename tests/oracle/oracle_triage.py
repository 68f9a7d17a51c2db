"""The queue of what to fix first: each factor of the score, one issue at a time.

Points have one decimal. No count up to either cap has a logarithm within 0.0001 of a rounding tie,
so two libraries round it alike; scores are then whole tenths, equal or clearly apart, and a rank is
compared as it is: by score, then last seen, then issue id.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import log10

from .oracle_facts import DAY, Oracle
from .oracle_health import is_high
from .oracle_history import Life
from .raw_world import Row

PRODUCT_POINTS = {"critical": 25.0, "high": 18.0, "medium": 10.0, "low": 4.0, None: 7.0}
SLA_POINTS = {"breached": 15.0, "at_risk": 10.0}


def triage_queue(oracle: Oracle) -> list[Row]:
    """Every unresolved issue of an active product or of none."""
    events = _events_7d(oracle)
    queue = [
        _row(oracle, life, events.get(life.row["issue_id"], 0))
        for product_id in (None, *oracle.catalog.products)
        if product_id is None or oracle.catalog.is_active(product_id)
        for life in oracle.live([product_id])
        if life.status == "unresolved"
    ]
    queue.sort(key=_place)
    return [row | {"triage_rank": rank} for rank, row in enumerate(queue, start=1)]


def _events_7d(oracle: Oracle) -> dict[str, int]:
    """Events per issue in the seven UTC days that end with as_of's."""
    today = oracle.as_of.date()
    wanted: set[date] = {today - back * DAY for back in range(7)}
    found: dict[str, int] = {}
    for row in oracle.world.raw["issue_daily_events"]:
        if row["date_on"] in wanted:
            found[row["issue_id"]] = found.get(row["issue_id"], 0) + row["event_count"]
    return found


def _severity_points(life: Life) -> float:
    priority, level = life.row["issue_priority"], life.row["level"]
    if is_high(life):
        return 20.0
    return 12.0 if priority == "medium" or (priority is None and level == "error") else 4.0


def came_back(life: Life) -> bool:
    """Whether it was ever resolved, by its history or by Sentry's word."""
    resolved = any("resolved" in (step.before, step.after) for step in life.steps)
    return resolved or life.row["substatus"] == "regressed"


def _place(row: Row) -> tuple[float, bool, timedelta, str]:
    seen = row["last_seen_at"]
    return (
        -row["score"],
        seen is None,
        -(seen - datetime.min) if seen else timedelta(0),
        row["issue_id"],
    )


def _row(oracle: Oracle, life: Life, events: int) -> Row:
    issue = oracle.issues[life.row["issue_id"]]
    product = oracle.products.get(issue["product_id"], {})
    points = {
        "product_points": PRODUCT_POINTS[product.get("product_priority")],
        "severity_points": _severity_points(life),
        "user_points": min(round(5 * log10(1 + (life.row["user_count"] or 0)), 1), 20.0),
        "event_points": min(round(4 * log10(1 + events), 1), 15.0),
        "sla_points": SLA_POINTS.get(issue["sla_status"], 0.0),
        "regression_points": 5.0 if came_back(life) else 0.0,
    }
    return points | {
        "issue_id": life.row["issue_id"],
        "last_seen_at": life.row["last_seen_at"],
        "score": round(sum(points.values()), 1),
        "events_7d": events,
    }
