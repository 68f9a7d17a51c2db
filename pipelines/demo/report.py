"""What the demo prints: the product tree with its numbers, what changed, and where to go from there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.publish import open_published

Row = dict[str, Any]

HEALTH_STYLE = {"critical": "bold red", "at_risk": "yellow", "healthy": "green"}
TRY = "select product_name, health, health_reason from marts.product_overview order by tree_order"


@dataclass(frozen=True)
class Published:
    """The rows that the demo shows, of one publication."""

    products: list[Row]
    unassigned: list[Row]
    sync: Row


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
            rows("from marts.unassigned_projects order by events_7d desc"),
            rows("from marts.sync_runs order by started_at desc limit 1")[0],
        )


def show(console: Console, now: Published, before: Published | None, path: Path) -> None:
    """Print everything."""
    console.print()
    console.print(_tree(now, before, console.width))
    _print_sync(console, now, before)
    _print_unassigned(console, now)
    _print_next(console, path)


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
        title="Product health: each product with everything below it",
        caption="New, Fixed, Events: in the last 7 days. High: of high priority or fatal. "
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
    for row in now.products:
        was = earlier.get(row["product_id"])
        owner = Text(row["owner_team"] or "-") if row["is_active"] else Text("inactive", "dim")
        table.add_row(
            Text(row["tree_label"], style="" if row["is_active"] else "dim"),
            Text(row["health"], style=HEALTH_STYLE.get(row["health"], "dim")),
            *(
                _number(row, was if title in WITH_CHANGE else None, column)
                for title, column in COLUMNS.items()
            ),
            *([owner] if has_owner else []),
        )
    return table


def _number(row: Row, was: Row | None, column: str) -> str:
    """Return a number, and how it changed since the last run."""
    text = f"{row[column]:,}"
    if was is None or was[column] == row[column]:
        return text
    return f"{text} [cyan]{row[column] - was[column]:+,}[/cyan]"


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
    if before is None:
        console.print(
            "Run [bold]make demo[/bold] again: three hours will have passed, and only what changed is fetched."
        )
    else:
        console.print(
            f"The first sync brought everything; since the last one the clock moved to "
            f"{sync['started_at']:%a %d %b %H:%M} UTC. Changes are shown in [cyan]colour[/cyan]."
        )


def _print_unassigned(console: Console, now: Published) -> None:
    if not now.unassigned:
        return
    console.print(
        "\nProjects that belong to no product yet ([bold]make suggest DATA_DIR=data/demo[/bold] prints rows):"
    )
    for row in now.unassigned:
        suggestion = (
            f"perhaps {row['suggested_product_id']}: {row['suggestion_reason']}"
            if row["suggested_product_id"]
            else "no suggestion"
        )
        console.print(
            f"  {row['organization_slug']}/{row['project_slug']}: {row['unresolved_issues']:,} unresolved, "
            f"{row['events_7d']:,} events in 7 days; {suggestion}",
            highlight=False,
        )


def _print_next(console: Console, path: Path) -> None:
    file = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    console.print(f"\nPublished: [bold]{file}[/bold]. Try:", highlight=False)
    console.print(
        f"  .venv/bin/python -c \"import duckdb; duckdb.connect('{file}', read_only=True).sql("
        f"'{TRY}').show()\"",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        "\nNext: [bold]make demo-ui[/bold] shows runs, lineage and checks in Dagster. "
        "Edit [bold]seeds/products.csv[/bold] and run [bold]make check[/bold]. "
        "For your own Sentry: [bold]cp .env.example .env[/bold], put a token there, "
        "then [bold]make dev[/bold]."
    )
