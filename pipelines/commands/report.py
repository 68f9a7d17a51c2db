"""What a sync shows when it has ended: the products with their numbers, what changed, what is missing, what is next."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.commands.diagnosis import some_of
from pipelines.commands.what_happened import (
    HEALTH_STYLE,
    print_causes,
    print_movers,
    print_release,
    print_stability,
)
from pipelines.publish import PublishError, open_published
from pipelines.settings import shortened

log = logging.getLogger(__name__)

Row = dict[str, Any]

# Sentry's own lists leave out what had no event for 90 days, so that its numbers may be smaller.
FORGOTTEN = """
select count(*) as n
from marts.fct_issues
cross join marts.publication
where status = 'unresolved' and last_seen_at < as_of - interval 90 days
"""
MOST_PRODUCTS = 20
WORST_FIRST = ["critical", "at_risk", "healthy", "no_data"]
TRY = "select product_name, health, health_reason from marts.product_overview order by tree_order"


@dataclass(frozen=True)
class Published:
    """The rows that are shown, of one publication."""

    products: list[Row]
    unassigned: list[Row]
    sync: Row
    organizations: list[Row]
    projects: int
    forgotten: int


def read_published(path: Path) -> Published | None:
    """Return what is published, None if nothing is yet."""
    if not path.exists():
        return None
    with open_published(path) as connection:

        def rows(query: str) -> list[Row]:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        return Published(
            rows("from marts.product_overview order by tree_order"),
            rows("from marts.unassigned_projects order by events_7d desc, project_slug"),
            rows("from marts.sync_runs inner join marts.publication using (run_id)")[0],
            rows("from marts.organization_freshness order by 1"),
            rows("select count(*) as n from marts.dim_projects where not is_deleted")[0]["n"],
            rows(FORGOTTEN)[0]["n"],
        )


def read_before(path: Path) -> Published | None:
    """Return what is published before a run that will replace it: None also if it cannot be read."""
    try:
        return read_published(path)
    except PublishError as error:
        log.warning("%s", error)
        return None


def show(
    console: Console,
    now: Published,
    before: Published | None,
    path: Path,
    next_steps: str,
    suggest: str = "make suggest",
) -> None:
    """Print everything."""
    console.print()
    if now.products:
        console.print(_tree(now, before, console.width))
        print_causes(console, now.products)
        print_stability(console, path)
        print_release(console, path)
        print_movers(console, path)
    _print_sync(console, now, before)
    _print_failed(console, now)
    _print_access(console, now)
    _print_unassigned(console, now, suggest)
    _print_forgotten(console, now)
    file = shortened(path)
    console.print(f"\nPublished: [bold]{file}[/bold]. Try:", highlight=False)
    console.print(
        f"  .venv/bin/python -c \"import duckdb; duckdb.connect('{file}', read_only=True).sql("
        f"'{TRY}').show()\"",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"\nNext: {next_steps}")


WIDE = 110
# Where a change is worth its room.
WITH_CHANGE = {"Open", "New", "Events", "Late"}
COLUMNS = {
    "Open": "unresolved_issues",
    "High": "unresolved_high_issues",
    "New": "new_issues_7d",
    "Fixed": "resolved_issues_7d",
    "Events": "events_7d",
    "Late": "sla_breached_issues",
}


def _tree(now: Published, before: Published | None, width: int) -> Table:
    table = Table(
        title="Product health: each product with everything below it"
        if len(now.products) <= MOST_PRODUCTS
        else f"Product health: the worst {MOST_PRODUCTS} of {len(now.products):,} products",
        caption="New, Fixed, Events: in 7 days, today's included. High: of high priority or fatal. "
        "Late: past their SLA.",
        title_justify="left",
        caption_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    # With the changes beside the numbers, a narrow terminal has no room for the owners.
    has_owner = before is None or width >= WIDE
    table.add_column("Product", no_wrap=True)
    table.add_column("Health", no_wrap=True)
    for title in COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    if has_owner:
        table.add_column("Owner", no_wrap=True)
    earlier = {row["product_id"]: row for row in before.products} if before else {}
    is_tree = len(now.products) <= MOST_PRODUCTS
    for row in now.products if is_tree else _worst(now.products):
        was = earlier.get(row["product_id"])
        owner = Text(row["owner_team"] or "-") if row["is_active"] else Text("inactive", "dim")
        table.add_row(
            Text(row["tree_label" if is_tree else "path"], style="" if row["is_active"] else "dim"),
            Text(row["health"], style=HEALTH_STYLE.get(row["health"], "dim")),
            *(
                _number(row, was if title in WITH_CHANGE else None, column)
                for title, column in COLUMNS.items()
            ),
            *([owner] if has_owner else []),
        )
    return table


def _worst(products: list[Row]) -> list[Row]:
    ranked = sorted(
        (row for row in products if row["is_active"]),
        key=lambda row: (WORST_FIRST.index(row["health"]), -row["sla_breached_issues"]),
    )
    return ranked[:MOST_PRODUCTS]


def _number(row: Row, was: Row | None, column: str) -> str:
    """Return a number, and how it changed since the last run; a hyphen where none is known."""
    number, before = row[column], was and was[column]
    text = "-" if number is None else f"{number:,}"
    if was is None or number is None or before in (None, number):
        return text
    return f"{text} [cyan]{number - before:+,}[/cyan]"


def _print_sync(console: Console, now: Published, before: Published | None) -> None:
    sync = now.sync
    brought = (
        f"{sync['issues_new']:,} issues new, {sync['issues_changed']:,} changed, "
        f"{sync['issues_vanished']:,} gone"
    )
    console.print(
        f"This {sync['mode']} sync took {sync['requests']:,} requests: {brought}; "
        f"{sync['issues_total']:,} issues in all."
    )
    if before is not None:
        console.print(
            f"Data as of {sync['started_at']:%a %d %b %H:%M} UTC; what changed since "
            f"{before.sync['started_at']:%a %d %b %H:%M} is in [cyan]colour[/cyan]."
        )


def _print_failed(console: Console, now: Published) -> None:
    for row in now.organizations:
        if row["status"] != "failed":
            continue
        state = (
            f"its data are of {row['synced_at']:%Y-%m-%d %H:%M} UTC"
            if row["synced_at"]
            else "it has no data"
        )
        console.print(f"[red]{row['organization_slug']} was not synced[/red]; {state}:")
        console.print(f"  {row['failure']}", markup=False, highlight=False)


def _print_access(console: Console, now: Published) -> None:
    for row in now.organizations:
        projects, readable, lost = (
            row[name] or 0 for name in ("projects", "readable_projects", "lost_projects")
        )
        if readable < projects:
            console.print(
                f"[yellow]{row['organization_slug']}: {readable:,} of {projects:,} projects can be read "
                "with this token[/yellow]; [bold]make doctor[/bold] says what to do."
            )
        if lost:
            console.print(
                f"  No longer: {some_of(row['lost_project_slugs'].split(', '))}. "
                "Their issues count as they were.",
                markup=False,
                highlight=False,
            )


def _print_unassigned(console: Console, now: Published, suggest: str) -> None:
    if not now.products:
        console.print(
            f"There are no products yet, so that {now.projects:,} projects belong to none: "
            "[bold]make init[/bold] drafts them from Sentry's teams and names."
        )
        return
    if not now.unassigned:
        return
    have = "has" if len(now.unassigned) == 1 else "have"
    console.print(
        f"{len(now.unassigned):,} of {now.projects:,} projects {have} no product: "
        f"[bold]{suggest}[/bold] prints rows for those that can be guessed."
    )


def _print_forgotten(console: Console, now: Published) -> None:
    if now.forgotten:
        console.print(
            f"{now.forgotten:,} unresolved issues had no event for 90 days: Sentry's own lists no longer show them."
        )
