"""Why products are as they are, what brought it, which issues moved: a few lines below the table of products."""

from __future__ import annotations

import math
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

# It counts in the trees above its product, too: named is the lowest that counts it whole.
RELEASE = """
select releases.package, releases.version_name, products.product_name, releases.new_issues, releases.unresolved_issues
from marts.product_releases as releases
inner join marts.dim_products as products using (product_id)
cross join marts.publication
where
    products.is_active and releases.new_issues > 0
    and cast(coalesce(releases.released_at, releases.created_at) as date) > cast(as_of as date) - 7
order by releases.new_issues desc, releases.version, products.depth desc, products.product_id
limit 1
"""

# The least stable product, below the others that have its sessions in theirs.
STABILITY = """
select products.product_name, measures.value, measures.state,
    if(measures.state = 'critical', measures.critical, measures.at_risk) as target
from marts.product_health_measures as measures
inner join marts.dim_products as products using (product_id)
where
    products.is_active and measures.measure = 'crash_free_sessions' and measures.state in ('critical', 'at_risk')
order by measures.value, products.depth desc, products.product_id
limit 1
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


def print_release(console: Console, published: Path) -> None:
    """Print the release of the last 7 days that brought the most new issues."""
    with open_published(published) as connection:
        found = connection.execute(RELEASE).fetchone()
    if found is None:
        return
    package, version, product, new, still_open = found
    name = f"{package} {version}" if package else version
    console.print(
        f"Most new issues in a week: {name}, {new:,} in {product} ({still_open:,} open).",
        markup=False,
        highlight=False,
    )


def print_stability(console: Console, published: Path) -> None:
    """Print the product with the fewest sessions free of crashes, if that has reached a target of its health."""
    with open_published(published) as connection:
        found = connection.execute(STABILITY).fetchone()
    if found is None:
        return
    product, value, state, target = found
    # Cut, not rounded: it must not look better than its target.
    share = math.floor(round(value * 10_000, 6)) / 100
    console.print(
        f"Crash-free sessions: {product} {share:.2f} % in 7 days, "
        f"{state.replace('_', ' ')} from {100 * target:g} % down.",
        markup=False,
        highlight=False,
    )
