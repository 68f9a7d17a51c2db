"""The reasons on the end screen stand once, where they come from."""

from __future__ import annotations

import io

from rich.console import Console

from pipelines.commands.what_happened import print_causes


def causes(*products: tuple[str, str]) -> list[str]:
    """What is printed for products by path and health."""
    rows = [
        {
            "path": path,
            "product_name": path.split(" > ")[-1],
            "health": health,
            "health_reason": f"{health} here",
            "is_active": not path.endswith("Old"),
        }
        for path, health in products
    ]
    console = Console(width=80, file=io.StringIO())
    print_causes(console, rows)
    return console.file.getvalue().split("\n")


def test_a_state_is_explained_where_it_comes_from_and_the_worst_first() -> None:
    printed = causes(
        ("Shop", "critical"),
        ("Shop > Accounts", "at_risk"),
        ("Shop > Pay", "critical"),
        ("Shop > Pay > Old", "critical"),
        ("Shop > Pay > Refunds", "at_risk"),
        ("Shopping", "healthy"),
    )
    assert [line.rstrip() for line in printed if line] == [
        "Why",
        "Pay      critical here",
        "Accounts at_risk here",
        "Refunds  at_risk here",
    ]


def test_where_all_is_well_nothing_is_explained_and_many_causes_are_counted() -> None:
    assert causes(("Shop", "healthy"), ("Old", "critical")) == [""]
    printed = causes(*((f"Product {n}", "at_risk") for n in range(7)))
    assert printed[1] == "Why (4 more in product_overview.health_reason)"
    assert len(printed) == 1 + 1 + 3 + 1
