"""The queue of what to fix first: each factor of the score, one issue at a time.

Points have one decimal. No count up to either cap has a logarithm within 0.000001 of a rounding tie,
so two libraries round it alike; scores are then whole tenths, equal or clearly apart, and a rank is
compared as it is: by score, then last seen, then issue id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import log2, log10

from .oracle_facts import Oracle
from .oracle_health import is_high
from .oracle_history import HOUR, Life
from .raw_world import Row

PRODUCT_POINTS = {"critical": 20.0, "high": 14.0, "medium": 8.0, "low": 3.0, None: 6.0}


def triage_queue(oracle: Oracle) -> list[Row]:
    """Every unresolved issue of an active product or of none."""
    queue = [
        _row(oracle, life)
        for product_id in (None, *oracle.catalog.products)
        if product_id is None or oracle.catalog.is_active(product_id)
        for life in oracle.live([product_id])
        if life.status == "unresolved"
    ]
    queue.sort(key=_place)
    return [row | {"triage_rank": rank} for rank, row in enumerate(queue, start=1)]


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


def _sla_points(used: float | None) -> float:
    return 0.0 if used is None or used <= 0.25 else min(round(4 + 2 * log2(used), 1), 10.0)


def _row(oracle: Oracle, life: Life) -> Row:
    issue = oracle.issues[life.row["issue_id"]]
    product = oracle.products.get(issue["product_id"], {})
    hours = (oracle.as_of - life.opened_at) / HOUR
    used = issue["sla_target_hours"] and hours / issue["sla_target_hours"]
    points = {
        "product_points": PRODUCT_POINTS[product.get("product_priority")],
        "severity_points": _severity_points(life),
        "user_points": min(round(6 * log10(1 + (life.row["user_count"] or 0)), 1), 25.0),
        "event_points": min(round(5 * log10(1 + (issue["events_7d"] or 0)), 1), 20.0),
        "sla_points": _sla_points(used),
        "regression_points": 5.0 if came_back(life) else 0.0,
    }
    noise = round(10 * (points["user_points"] + points["event_points"])) // 2 / 10
    points["production_points"] = -noise if life.row["is_in_production"] is False else 0.0
    return points | {
        "issue_id": life.row["issue_id"],
        "last_seen_at": life.row["last_seen_at"],
        "score": round(sum(points.values()), 1),
        "sla_time_used": used,
    }
