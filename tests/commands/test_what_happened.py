"""The reasons on the end screen stand once, where they come from."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from pipelines.commands.what_happened import print_causes, print_release, print_stability

from .small_publication import write_published


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


RELEASES = """
    create table marts.publication as select timestamp '2026-11-23 09:00:00' as as_of;
    create table marts.dim_products as
    select * from (values ('shop', 'Shop', 0, true), ('pay', 'Pay', 1, true), ('old', 'Old', 0, false))
    as products (product_id, product_name, depth, is_active);
    create table marts.product_releases as
    select * from (values
        ('shop', 'web@1', 'web', '1', timestamp '2026-11-17 00:00:00', null, 4, 2),
        ('shop', '8f14', null, '8f14', null, timestamp '2026-11-20 00:00:00', 1, 1),
        ('shop', 'web@0', 'web', '0', timestamp '2026-11-16 23:59:59', null, 50, 2),
        ('shop', 'ios@7', 'ios', '7', timestamp '2026-11-20 00:00:00', null, null, 0),
        ('pay', 'web@1', 'web', '1', timestamp '2026-11-17 00:00:00', null, 4, 2),
        ('old', 'web@3', 'web', '3', timestamp '2026-11-20 00:00:00', null, 70, 2)
    ) as releases (
        product_id, version, package, version_name, released_at, created_at, new_issues, unresolved_issues
    );
"""
SESSIONS = """
    create table marts.dim_products as
    select * from (values ('shop', 'Shop', 0, true), ('pay', 'Pay', 1, true), ('old', 'Old', 0, false))
    as products (product_id, product_name, depth, is_active);
    create table marts.product_health_measures as
    select *, 0.995::double as at_risk, 0.98::double as critical from (values
        ('shop', 'crash_free_sessions', 0.99499, 'at_risk'),
        ('pay', 'crash_free_sessions', 0.99499, 'at_risk'),
        ('old', 'crash_free_sessions', 0.5, 'critical'),
        ('pay', 'late_ratio', 0.5, 'critical')
    ) as measures (product_id, measure, value, state);
"""


def test_the_least_stable_product_is_named_where_its_sessions_crash(tmp_path: Path) -> None:
    published = write_published(SESSIONS, tmp_path)
    console = Console(width=200, file=io.StringIO())

    print_stability(console, published)

    assert console.file.getvalue() == (
        "Crash-free sessions: Pay 99.49 % in 7 days, at risk from 99.5 % down.\n"
    )


def test_the_release_that_brought_most_of_the_week_is_named_with_its_product(
    tmp_path: Path,
) -> None:
    published = write_published(RELEASES, tmp_path)
    console = Console(width=200, file=io.StringIO())

    print_release(console, published)

    assert console.file.getvalue() == ("Most new issues in a week: web 1, 4 in Pay (2 open).\n")
