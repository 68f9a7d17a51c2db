"""The published file as a snapshot: what there is to tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.catalog.finding import counted
from pipelines.notify.reasons import ProductState, Reason, Snapshot

_FOLDER = Path(__file__).parent


def snapshot(
    published: duckdb.DuckDBPyConnection, since: datetime | None, catalog: str
) -> Snapshot:
    """Return what the publication shows, and of its reasons those that began after `since`; None: none of them.

    `catalog`: the fingerprint of the CSVs.
    """
    row = published.execute("select as_of, run_id from marts.publication").fetchone()
    assert row is not None  # the contract of what is published
    organizations = published.execute(
        "select organization_slug, case when status = 'complete' then synced_at end from marts.organization_freshness"
    ).fetchall()
    parents = published.execute(
        "select product_id, parent_product_id from marts.dim_products"
    ).fetchall()
    products = published.execute(query("products")).fetchall()
    return Snapshot(
        as_of=row[0],
        run_id=row[1],
        catalog=catalog,
        organizations=dict(organizations),
        reasons=tuple(reasons(published, since)) if since else (),
        products=tuple(map(_product, products)),
        parents=dict(parents),
    )


def _product(row: tuple[Any, ...]) -> ProductState:
    product_id, name, team, priority, health, reason, since, organizations = row
    return ProductState(
        product_id, name, team, priority, health, reason, since, frozenset(organizations)
    )


def reasons(
    published: duckdb.DuckDBPyConnection, since: datetime, *, is_past: bool = False
) -> Iterator[Reason]:
    """Yield the reasons about issues that began after `since`, the earliest first."""
    cursor = published.execute(query("reasons"), {"since": since, "is_past": is_past})
    names = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            yield _reason(dict(zip(names, row, strict=True)))


def _reason(row: dict[str, Any]) -> Reason:
    return Reason(
        rule=row["rule"],
        organization=row["organization_slug"],
        subject=row["issue_id"],
        opened_at=row["stretch_at"],
        at=row["began_at"],
        title=row["title"] or "(no title)",
        team=row["team"],
        product_id=row["product_id"],
        product_name=row["product_name"],
        product_priority=row["product_priority"],
        url=row["permalink"],
        detail=_detail(row),
        is_counted=row["is_counted"],
    )


def _detail(row: dict[str, Any]) -> str:
    """Return the rest that a person needs to act, in one line."""
    parts = [row["short_id"], row["project_slug"], row["level"]]
    if row["issue_priority"] and row["issue_priority"] != row["level"]:
        parts.append(f"{row['issue_priority']} priority")
    parts.append(counted(row["event_count"] or 0, "event"))
    if row["user_count"]:
        parts.append(counted(row["user_count"], "user"))
    if row["late_at"] and row["rule"] in ("sla_at_risk", "sla_breached"):
        parts.append(f"due {row['late_at']:%a %d %b %H:%M} UTC")
    parts.append(row["assignee"] or "assigned to nobody")
    return " · ".join(part for part in parts if part)


@cache
def query(name: str) -> str:
    """Return the SQL of a file of this room."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
