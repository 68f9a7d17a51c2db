"""Why products are as they are, and which issues moved: a few lines below the table of products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.publish import open_published

Row = dict[str, Any]

HEALTH_STYLE = {"critical": "bold red", "at_risk": "yellow", "healthy": "green"}
MOST_CAUSES, MOST_MOVERS = 3, 3

# Each issue once: in the tree of its root.
MOVERS = f"""
select movers.change, movers.title, owners.product_name, movers.events_previous_7d, movers.events_7d
from marts.product_movers as movers
inner join marts.dim_products as roots using (product_id)
inner join marts.dim_products as owners on movers.own_product_id = owners.product_id
where roots.depth = 0 and roots.is_active and movers.events_7d <> movers.events_previous_7d
order by abs(movers.events_7d - movers.events_previous_7d) desc, movers.issue_id
limit {MOST_MOVERS}
"""


def print_causes(console: Console, products: list[Row]) -> None:
    """Print why: each state where it comes from, and not again for the products above."""
    causes = [row for row in products if _is_cause(row, products)]
    causes.sort(key=lambda row: row["health"] != "critical")
    if not causes:
        return
    listed = Table.grid(padding=(0, 1, 0, 0))
    listed.add_column(no_wrap=True)
    listed.add_column()
    for row in causes[:MOST_CAUSES]:
        name = Text(row["product_name"], HEALTH_STYLE[row["health"]])
        listed.add_row(name, Text(row["health_reason"]))
    more = len(causes) - MOST_CAUSES
    also = f" ({more:,} more in product_overview.health_reason)" if more > 0 else ""
    console.print(Text(f"\nWhy{also}", "bold"))
    console.print(listed)


def _is_cause(row: Row, products: list[Row]) -> bool:
    """Return whether it is at risk or critical, and no active product below it is so."""
    if not row["is_active"] or row["health"] not in ("critical", "at_risk"):
        return False
    below = f"{row['path']} > "
    return not any(
        each["is_active"] and each["health"] == row["health"] and each["path"].startswith(below)
        for each in products
    )


def print_movers(console: Console, published: Path) -> None:
    """Print the issues whose events changed most in a week."""
    with open_published(published) as connection:
        movers = connection.execute(MOVERS).fetchall()
    if not movers:
        return
    listed = Table.grid(padding=(0, 1, 0, 0), expand=True)
    listed.add_column(no_wrap=True)
    listed.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    listed.add_column(no_wrap=True)
    listed.add_column(no_wrap=True, justify="right")
    for change, title, product, before, now in movers:
        listed.add_row(change, Text(title), Text(product), f"{before:,} → {now:,}")
    console.print(Text("What moved, in events of the 7 days before and of these", "bold"))
    console.print(listed)
