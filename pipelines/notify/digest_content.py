"""What a digest says of each product: health, new and high, late, fixed, this week and the one before, movers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb

from pipelines.catalog import Recipient
from pipelines.catalog.finding import counted
from pipelines.catalog.recipient_values import UNASSIGNED
from pipelines.catalog.values import PRIORITIES
from pipelines.notify.published_reasons import query
from pipelines.notify.reasons import HEALTH_RANKS, rank_of

UNITS = """
select
    product_id, product_name, product_priority, health, health_reason, unresolved_issues, sla_breached_issues,
    events_7d, events_previous_7d, new_issues_7d, new_issues_previous_7d, resolved_issues_7d
from marts.product_overview
where product_id in (select unit_id from digest_units)
order by case health when 'critical' then 0 when 'at_risk' then 1 else 2 end, tree_order
"""
HEALTH_CHANGES = """
with versions as (
    select
        product_id, health, health_reason, valid_from,
        lag(health) over (partition by product_id order by valid_from) as health_before
    from marts.product_health_history
)
select products.product_id, products.product_name, versions.health, versions.health_before, versions.health_reason,
    units.unit_id
from versions
inner join marts.dim_products as products on versions.product_id = products.product_id
inner join digest_units as units on versions.product_id = units.product_id
where versions.valid_from > $since and versions.health_before is not null
qualify row_number() over (partition by versions.product_id order by versions.valid_from desc) = 1
order by products.tree_order
"""
MOVERS = """
select product_id, change, title, permalink, events_7d, events_previous_7d
from marts.product_movers
where mover_rank <= 3 and change in ('rising', 'falling', 'regressed', 'new')
order by product_id, mover_rank
"""
COVERAGE = """
select
    (select count(*) from marts.organization_freshness) as organizations,
    (
        select string_agg(organization_slug, ', ' order by organization_slug)
        from marts.organization_freshness where status <> 'complete'
    ) as behind,
    (select count(*) from marts.unassigned_projects) as unassigned_projects,
    (select as_of from marts.publication) as as_of
"""
_WORDS = {"new_high": "new and high", "late": "turned late", "fixed": "fixed"}
_HEALTH = {"at_risk": "at risk", "no_data": "no data"}
_CHANGES = {"rising": "Rising", "falling": "Falling", "regressed": "Came back", "new": "New"}


def digest_payload(
    published: duckdb.DuckDBPyConnection, recipient: Recipient, since: datetime
) -> dict[str, Any] | None:
    """Return the digest of what happened after `since`, None if there is nothing to say and none is wanted then."""
    assert recipient.digest is not None
    team, least = recipient.team, recipient.min_priority
    facts = {"team": team, "since": since}
    enough = PRIORITIES if least is None else PRIORITIES[: rank_of(least) + 1]
    published.execute(query("digest_units"), {"team": team, "least": least, "enough": enough})
    changes = _rows(published, HEALTH_CHANGES, facts)
    events = _rows(published, query("digest"), facts)
    coverage = _rows(published, COVERAGE, {})[0]
    units = _rows(published, UNITS, {})
    if least is None and team in (None, UNASSIGNED):
        units.append({"product_id": None, "product_name": "Projects without a product"})
    ids = {unit["product_id"] for unit in units}
    told = [row for row in [*events, *changes] if row["unit_id"] in ids]
    if not told and not coverage["behind"] and not recipient.digest.is_sent_always:
        return None
    movers = _rows(published, MOVERS, {})
    sections = [
        section for unit in units if (section := _section(unit, events, changes, movers))["lines"]
    ]
    totals = {
        event: sum(
            row["events_of_kind"]
            for row in {(each["unit_id"], each["event"]): each for each in events}.values()
            if row["event"] == event and row["unit_id"] in ids
        )
        for event in _WORDS
    }
    parts = [f"{totals[event]:,} {word}" for event, word in _WORDS.items() if totals[event]]
    if of_health := sum(row["unit_id"] in ids for row in changes):
        parts.append(counted(of_health, "change") + " of health")
    words = ", ".join(parts) or "nothing new"
    whose = (team or "all teams") + (f", {least} priority" if least else "")
    if least and least != PRIORITIES[0]:
        whose += " and above"
    return {
        "kind": "digest",
        "subject": f"{recipient.digest.period.capitalize()} digest for {whose}: {words}",
        "lead": f"Since {since:%a %d %b %H:%M} UTC: {words}.",
        "as_of": coverage["as_of"].isoformat(),
        "sections": sections,
        "footer": list(_footer(coverage, team)),
    }


def _rows(
    published: duckdb.DuckDBPyConnection, sql: str, facts: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = published.execute(sql, {name: facts[name] for name in facts if f"${name}" in sql})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _section(
    unit: dict[str, Any],
    events: list[dict[str, Any]],
    changes: list[dict[str, Any]],
    movers: list[dict[str, Any]],
) -> dict[str, Any]:
    product_id = unit["product_id"]
    lines = [
        *(_health_line(row) for row in changes if row["unit_id"] == product_id),
        *_event_lines([row for row in events if row["unit_id"] == product_id]),
    ]
    if lines and product_id is not None:
        lines += [_week_line(unit)]
        lines += [_mover_line(row) for row in movers if row["product_id"] == product_id]
    health = _HEALTH.get(unit.get("health", ""), unit.get("health", ""))
    return {
        "title": unit["product_name"],
        "product_id": product_id,
        "detail": f"health: {health}" if health else "",
        "lines": lines,
    }


def _health_line(row: dict[str, Any]) -> dict[str, Any]:
    now, before = row["health"], row["health_before"]
    is_worse = HEALTH_RANKS.get(now, 0) > HEALTH_RANKS.get(before, 0)
    return _line(
        f"{row['product_name']} is {_HEALTH.get(now, now)}, was {_HEALTH.get(before, before)}",
        row["health_reason"] or "",
        product_id=row["product_id"],
        mark="worse" if is_worse else "better",
    )


def _event_lines(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for event, word in _WORDS.items():
        rows = [row for row in events if row["event"] == event]
        mark = "better" if event == "fixed" else "worse"
        if event == "fixed" and rows:
            yield _line(f"{rows[0]['events_of_kind']:,} {word}", mark=mark)
            continue
        for row in rows:
            events_seen = counted(row["event_count"] or 0, "event")
            detail = f"{row['short_id'] or ''} · {events_seen}".strip(" ·")
            yield _line(
                f"{word.capitalize()}: {row['title']}", detail, url=row["permalink"], mark=mark
            )
        if rows and rows[0]["events_of_kind"] > len(rows):
            yield _line(f"{rows[0]['events_of_kind'] - len(rows):,} more {word}", mark=mark)


def _week_line(unit: dict[str, Any]) -> dict[str, Any]:
    parts = [
        f"{_number(unit['events_7d'])} events (week before {_number(unit['events_previous_7d'])})",
        f"{_number(unit['new_issues_7d'])} new issues ({_number(unit['new_issues_previous_7d'])})",
        f"{_number(unit['resolved_issues_7d'])} resolved",
        f"{_number(unit['unresolved_issues'])} open, {_number(unit['sla_breached_issues'])} of them late",
    ]
    return _line("Last 7 days: " + ", ".join(parts))


def _mover_line(row: dict[str, Any]) -> dict[str, Any]:
    before, now = _number(row["events_previous_7d"]), _number(row["events_7d"])
    return _line(
        f"{_CHANGES[row['change']]}: {row['title']}",
        f"{now} events, {before} the week before",
        url=row["permalink"],
    )


def _footer(coverage: dict[str, Any], team: str | None) -> Iterator[str]:
    yield f"As of {coverage['as_of']:%a %d %b %Y %H:%M} UTC."
    if coverage["behind"]:
        yield f"Not up to date: {coverage['behind']}. What is missing there is not in this digest."
    if team in (None, UNASSIGNED) and coverage["unassigned_projects"]:
        count = counted(coverage["unassigned_projects"], "project")
        yield f"{count} without a product: `make suggest` has rows to paste."


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"


def _line(
    text: str,
    detail: str = "",
    *,
    url: str | None = None,
    product_id: str | None = None,
    mark: str = "",
) -> dict[str, Any]:
    return {"text": text, "detail": detail, "url": url, "product_id": product_id, "mark": mark}
