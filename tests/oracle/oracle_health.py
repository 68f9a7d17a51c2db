"""How a product is, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable

from .oracle_facts import Oracle
from .oracle_history import Life
from .raw_world import Row

# Fewer events than these are no rise.
LOUD = 100


def is_high(life: Life) -> bool:
    return bool(life.row["issue_priority"] == "high" or life.row["level"] == "fatal")


def health(oracle: Oracle, products: Iterable[str | None]) -> Row:
    """Health and reason of these products together."""
    word, reason = _judged(oracle, list(products))
    return {"health": word, "health_reason": reason}


def _judged(oracle: Oracle, products: list[str | None]) -> tuple[str, str]:
    projects = [each for product_id in products for each in oracle.projects_of[product_id]]
    if not projects:
        return "no_data", "no project is mapped to it"
    unresolved = [life for life in oracle.live(products) if life.status == "unresolved"]
    late = [life for life in unresolved if oracle.sla(life) == "breached"]
    near = [life for life in unresolved if oracle.sla(life) == "at_risk"]
    severe = sum(is_high(life) for life in late)
    events = oracle.events_in(projects, 7) or 0
    before = oracle.events_in(projects, 7, ago=7) or 0
    beyond = f"open beyond the SLA target: {len(late)} of {len(unresolved)}"
    if severe:
        return "critical", f"{beyond}, of high priority or fatal: {severe}"
    if late:
        return "at_risk", beyond
    if near:
        return "at_risk", f"open for 80 % of the SLA target: {len(near)} of {len(unresolved)}"
    if events >= LOUD and events > 2 * before:
        return "at_risk", f"events of seven days rose from {before} to {events}"
    return "healthy", "nothing is open beyond or near its SLA target"
