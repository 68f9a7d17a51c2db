"""What a preview finds between two sets of marts, and how it says so."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.preview.text import (
    assignment_lines,
    headline,
    issue_lines,
    number_rows,
    product_lines,
    titles,
)

from .small_marts import Row, changes, issue, leaf, product, project, rule


def lines(before: list[Row], after: list[Row]) -> list[str]:
    return list(product_lines(changes(before, after), str))


SHOP = [
    product("shop"),
    product("payments", "shop", owner_team="pay", owner_team_source="own"),
    product("search", "shop"),
]


def test_equal_marts_differ_in_nothing() -> None:
    found = changes(SHOP, SHOP, [project("cart", "shop")], [project("cart", "shop")])

    assert not found
    assert list(product_lines(found, str)) == []
    assert number_rows(found) == []


def _routed(issue_id: str, product_id: str | None, by: str, status: str = "resolved") -> Row:
    return issue(issue_id, None, status, product_id, by)


def test_rules_say_what_they_move_and_how_much_they_route() -> None:
    found = changes(
        SHOP,
        SHOP,
        issues=(
            [
                _routed("a", "payments", "project", "unresolved"),
                _routed("b", "payments", "project"),
                _routed("c", "search", "rule:4"),
                _routed("gone", "payments", "project", "deleted"),
                _routed("with its project", "payments", "project"),
                _routed("as before", "shop", "rule:2"),
            ],
            [
                _routed("a", "search", "rule:3", "unresolved"),
                _routed("b", "search", "rule:3"),
                _routed("c", None, "project"),
                _routed("gone", "search", "rule:3", "deleted"),
                _routed("with its project", "search", "project"),
                _routed("as before", "shop", "rule:5"),
            ],
        ),
        rules=(
            [rule(2, "x*", "shop", 1), rule(4, "old", "search", 1), rule(6, "same", "shop", 0)],
            [
                rule(3, "y*", "search", 2),
                rule(4, "typo", "search", 0),
                rule(5, "x*", "shop", 2),
                rule(7, "same", "shop", 0),
            ],
        ),
    )

    assert list(issue_lines(found, str)) == [
        "2 issues move from Payments to Search (1 open)",
        "1 issue moves from Search to no product (0 open)",
        "rule in line 3: title y* in cart → search routes 2 issues",
        "rule in line 4: title typo in cart → search routes no issue yet",
        "rule in line 5: title x* in cart → shop routes 2 issues, was 1",
        "rule vanishes: title old in cart → search, which routed 1 issue",
    ]
    assert headline(found) == "4 issue rules change what they route."


def test_products_appear_vanish_and_move() -> None:
    after = [product("shop"), product("search"), product("gift-cards", "search")]

    assert lines(SHOP, after) == [
        "appears: Gift-Cards (gift-cards), below Search",
        "vanishes: Payments (payments), was below Shop",
        "moves: Search (search), from Shop to the top",
    ]


def test_equal_changes_of_attributes_share_a_line_and_inherited_ones_say_so() -> None:
    before = [
        product("shop", owner_team="a", owner_team_source="own"),
        product("cart", "shop", owner_team="a", owner_team_source="inherited"),
        product("till", "shop", owner_team="b", owner_team_source="own", product_priority="low"),
    ]
    after = [
        product("shop", name="The Shop", owner_team="c", owner_team_source="own"),
        product("cart", "shop", owner_team="c", owner_team_source="inherited"),
        product("till", "shop", owner_team="b", owner_team_source="own", is_active=False)
        | {"sla_target_hours": 1234.5, "sla_target_hours_high": 8.0, "description": "It rings"},
    ]

    assert lines(before, after) == [
        "name Shop → The Shop: shop",
        "description: Till (till)",
        "owner a → c: The Shop (shop), Cart (cart) (inherited)",
        "priority low → none: Till (till)",
        "active yes → no: Till (till)",
        "SLA target none → 1,234.5 h: Till (till)",
        "SLA target of high issues none → 8 h: Till (till)",
    ]


def test_live_issues_with_another_target_are_counted() -> None:
    before = [issue("a", 24), issue("b", 72), issue("c", None), issue("gone", 24, "deleted")]
    after = [issue("a", 8), issue("b", 72), issue("c", 8), issue("gone", 8, "deleted")]
    wanted = [product("shop") | {"sla_target_hours_high": 8.0}]

    found = changes([product("shop")], wanted, issues=(before, after))

    assert headline(found) == "1 product changes attributes; the SLA target of 2 issues changes."


def test_long_lists_are_cut_and_the_rest_is_counted() -> None:
    before = [product(f"p{number}", product_priority="low") for number in range(11)]
    after = [product(f"p{number}", product_priority="high") for number in range(11)]

    (line,) = lines(before, after)

    assert line.startswith("priority low → high: P0 (p0), P1 (p1), P10 (p10), ")
    assert line.endswith(" and 3 more products")


def test_projects_are_listed_by_the_products_between_which_they_move() -> None:
    found = changes(
        SHOP,
        SHOP,
        [
            project("a", None),
            project("b", "shop"),
            project("c", "shop"),
            project("gone", "shop", is_deleted=True),
        ],
        [
            project("a", "shop"),
            project("b", None),
            project("c", None),
            project("gone", "payments", is_deleted=True),
        ],
    )

    assert list(assignment_lines(found, str)) == [
        "no product → shop: acme/a",
        "shop → no product: acme/b, acme/c",
    ]
    assert headline(found) == "3 projects change product."


def test_own_numbers_have_a_row_unless_nothing_is_below() -> None:
    before = [
        product("shop", unresolved_issues=9, own_unresolved_issues=4),
        leaf("cart", "shop", unresolved_issues=5),
    ]
    after = [
        product("shop", unresolved_issues=8, own_unresolved_issues=1, health="critical"),
        leaf("cart", "shop", unresolved_issues=7),
    ]

    rows = number_rows(changes(before, after))

    assert [(row.name, row.is_own, row.health, row.cells["Open"]) for row in rows] == [
        ("Shop", False, "healthy → critical", (9, 8)),
        ("own projects", True, "", (4, 1)),
        ("Cart", False, "healthy", (5, 7)),
    ]
    assert titles(rows) == ["Open"]


def test_a_vanished_product_stands_where_it_was() -> None:
    def tree(*names: str) -> list[Row]:
        roots = [product("a", unresolved_issues=len(names)), product("b", name="A b")]
        return roots + [leaf(name, "a", unresolved_issues=1) for name in names]

    rows = number_rows(changes(tree("x", "y", "z"), tree("x", "z", "q")))

    assert [(row.name, row.depth, row.health) for row in rows] == [
        ("Q", 1, "new: healthy"),
        ("Y", 1, "gone"),
    ]


catalogs = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.sampled_from("xyz"), st.integers(0, 2)), min_size=1
).map(
    lambda found: [
        *(product(root) for root in "xyz"),
        *(
            leaf(child, parent, unresolved_issues=issues)
            for child, (parent, issues) in found.items()
        ),
    ]
)


@settings(max_examples=40)
@given(catalogs, catalogs)
def test_the_way_back_is_the_mirror_of_the_way_there(before: list[Row], after: list[Row]) -> None:
    there, back = changes(before, after), changes(after, before)
    ids_before, ids_after = ({row["product_id"] for row in rows} for rows in (before, after))

    assert {found.product_id for found in there.appearing} == ids_after - ids_before
    assert {found.product_id for found in there.vanishing} == ids_before - ids_after
    assert {(f.product_id, str(f.before), str(f.after)) for f in there.products} == {
        (f.product_id, str(f.after), str(f.before)) for f in back.products
    }
    rows_before, rows_after = ({row["product_id"]: row for row in rows} for rows in (before, after))
    assert {found.product_id for found in there.moving} == {
        key
        for key in ids_before & ids_after
        if rows_before[key]["parent_product_id"] != rows_after[key]["parent_product_id"]
    }
    assert {found.product_id for found in there.with_changed_numbers} == (
        ids_before ^ ids_after
    ) | {
        key
        for key in ids_before & ids_after
        if rows_before[key]["unresolved_issues"] != rows_after[key]["unresolved_issues"]
    }
