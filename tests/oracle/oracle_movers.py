"""What moved in a week: one issue at a time, and its share of what changed in each product above it."""

from __future__ import annotations

from datetime import datetime

from .oracle_facts import Oracle
from .oracle_history import Life
from .raw_world import Row


def product_movers(oracle: Oracle) -> list[Row]:
    rows = []
    for product_id in oracle.catalog.products:
        lives = oracle.live(oracle.tree(product_id))
        moved = {life.row["issue_id"]: _difference(oracle, life) or 0 for life in lives}
        whole = sum(map(abs, moved.values()))
        movers = [life for life in lives if oracle.change(life)]
        movers.sort(key=lambda life: _place(oracle, life))
        rows += [
            _row(oracle, life, whole) | {"product_id": product_id, "mover_rank": rank}
            for rank, life in enumerate(movers, start=1)
        ]
    return rows


def _difference(oracle: Oracle, life: Life) -> int | None:
    now, before = oracle.issue_events(life)
    return None if now is None or before is None else now - before


def _place(oracle: Oracle, life: Life) -> tuple[bool, int, float, str]:
    difference, seen = _difference(oracle, life), life.row["last_seen_at"]
    ago = (seen - datetime(2000, 1, 1)).total_seconds() if seen else 0.0
    return difference is None, -abs(difference or 0), -ago, life.row["issue_id"]


def _row(oracle: Oracle, life: Life, whole: int) -> Row:
    difference = _difference(oracle, life)
    return {
        "issue_id": life.row["issue_id"],
        "own_product_id": oracle.product_of(life),
        "change": oracle.change(life),
        "share_of_change": None if difference is None or not whole else difference / whole,
    }
