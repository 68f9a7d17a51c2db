"""How a product is: its measures against the targets of its priority, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .oracle_facts import Oracle, Part
from .oracle_history import Life
from .oracle_usage import Usage
from .oracle_versions import versions
from .raw_world import Row

WORST_FIRST = ("critical", "at_risk", "healthy")
# Fewer events than these are not compared.
ENOUGH = 100
# Nor do fewer sessions count.
ENOUGH_SESSIONS = 1000
Measured = tuple[str, float | None, str]


def is_high(life: Life) -> bool:
    return bool(life.row["issue_priority"] == "high" or life.row["level"] == "fatal")


def measures(oracle: Oracle, products: Iterable[str | None], priority: str | None) -> list[Row]:
    """Each measure of these products together, by the targets of a priority."""
    products = list(products)
    parts = [each for product_id in products for each in oracle.parts_of[product_id]]
    if any(oracle.projects_of[each] for each in products) or oracle.live(products):
        projects = [each for product_id in products for each in oracle.projects_of[product_id]]
        measured = [
            *_lateness(oracle, products),
            _growth(oracle, parts),
            _stability(oracle, projects),
        ]
    else:
        names = (
            "late_high_issues",
            "late_ratio",
            "at_risk_high_issues",
            "events_growth",
            "crash_free_sessions",
        )
        measured = [(name, None, "no project is mapped to it") for name in names]
    rows = []
    for name, value, reason in measured:
        targets = _targets(oracle, name, priority)
        rows.append(
            {
                "measure": name,
                "value": value,
                "reason": reason,
                "state": _state(name, value, targets),
            }
            | targets
        )
    return rows


def health(oracle: Oracle, products: Iterable[str | None], priority: str | None) -> Row:
    """Health and reason of these products together."""
    rows = measures(oracle, products, priority)
    for state in WORST_FIRST:
        found = sorted((row for row in rows if row["state"] == state), key=lambda r: r["measure"])
        if not found:
            continue
        causes = "; ".join(row["reason"] for row in found)
        well = f"none of {len(found)} measures has reached a target"
        return {"health": state, "health_reason": well if state == "healthy" else causes}
    return {"health": "no_data", "health_reason": "no project is mapped to it"}


def product_health(oracle: Oracle, product_id: str) -> Row:
    priority = oracle.products[product_id]["product_priority"]
    return health(oracle, oracle.tree(product_id), priority)


def product_health_measures(oracle: Oracle) -> list[Row]:
    return [
        {"product_id": product_id} | row
        for product_id, product in oracle.products.items()
        for row in measures(oracle, oracle.tree(product_id), product["product_priority"])
    ]


def product_health_history(oracle: Oracle) -> list[Row]:
    stands = (
        (
            world.as_of,
            [
                {"product_id": product_id} | product_health(then, product_id)
                for product_id in then.products
            ],
        )
        for world in oracle.worlds
        for then in [Oracle(world)]
    )
    return versions("product_id", "product_id health", stands, carried="health_reason")


def _lateness(oracle: Oracle, products: list[str | None]) -> Iterator[Measured]:
    still_open = [life for life in oracle.live(products) if life.status == "unresolved"]
    active = [
        life
        for life in still_open
        if life.row["last_seen_at"] and oracle.in_window(life.row["last_seen_at"], 7)
    ]
    late = [life for life in active if oracle.sla(life) == "breached"]
    high = sum(map(is_high, late))
    near = sum(is_high(life) for life in still_open if oracle.sla(life) == "at_risk")
    issues = "issue" if high == 1 else "issues"
    late_words = "is late and still happens" if high == 1 else "are late and still happen"
    yield (
        "late_high_issues",
        float(high),
        f"{high:,} high or fatal {issues} {late_words}",
    )
    yield (
        "late_ratio",
        len(late) / len(active) if active else None,
        f"{len(late):,} of {len(active):,} open issues that still happen are late"
        if active
        else "no open issue still happens",
    )
    issues = "issue" if near == 1 else "issues"
    have, their = ("has", "its") if near == 1 else ("have", "their")
    yield (
        "at_risk_high_issues",
        float(near),
        f"{near:,} high or fatal {issues} {have} used 80 % of {their} SLA target",
    )


def _growth(oracle: Oracle, parts: list[Part]) -> Measured:
    name = "events_growth"
    known = oracle.known_for_growth(parts)
    now, before = oracle.events_in(known, 7, ago=1), oracle.events_in(known, 7, ago=8)
    if now is None or before is None:
        return name, None, "the events of 14 days are not known"
    if now < ENOUGH:
        return name, None, f"{now:,} events in 7 days are too few to compare"
    return name, now / (before or 1), f"events of 7 days went from {before:,} to {now:,}"


def _stability(oracle: Oracle, projects: list[str]) -> Measured:
    name, usage = "crash_free_sessions", Usage(oracle)
    sessions = usage.within(projects, "sessions", 7)
    if sessions is None:
        return name, None, "no sessions are known"
    if sessions < ENOUGH_SESSIONS:
        return name, None, f"{sessions:,} sessions in 7 days are too few to measure"
    crashed = usage.within(projects, "crashed_sessions", 7)
    reason = f"{crashed:,} of {sessions:,} sessions in 7 days crashed"
    return name, usage.crash_free(projects, 7), reason


def _targets(oracle: Oracle, measure: str, priority: str | None) -> Row:
    rows = {
        row["priority"]: row for row in oracle.world.health_targets if row["measure"] == measure
    }
    row = rows.get(priority, rows[None])
    return {"at_risk": row["at_risk"], "critical": row["critical"]}


def _state(measure: str, value: float | None, targets: Row) -> str:
    if value is None:
        return "no_data"
    for state in ("critical", "at_risk"):
        target = targets[state]
        if target is None:
            continue
        # Of sessions the fewer are free of crashes, the worse.
        if value <= target if measure == "crash_free_sessions" else value >= target:
            return state
    return "healthy"
