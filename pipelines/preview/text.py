"""The wording of a preview, the same for a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipelines.catalog.finding import counted
from pipelines.preview.changes import Assignment, Changes, ProductChange, Row

Show = Callable[[str], str]
"""Makes text that people wrote safe for where it is shown."""

NAMED = 8
"""How many products or projects of one change are named; the others are counted."""

COLUMNS = {
    "Projects": "project_count",
    "Open": "unresolved_issues",
    "Events 7 d": "events_7d",
    "Late": "sla_breached_issues",
    "Near late": "sla_at_risk_issues",
    "High": "unresolved_high_issues",
    "New 7 d": "new_issues_7d",
    "Fixed 7 d": "resolved_issues_7d",
    "Median hours": "median_hours_to_resolution_30d",
    "All issues": "total_issues",
    "All events": "event_count",
    "Resolved": "resolved_issues",
    "Archived": "ignored_issues",
    "Users": "user_count",
    "90 % hours": "p90_hours_to_resolution_30d",
}
LEGEND = (
    "Open: unresolved issues. Late: open past their SLA; near late: from 80 % of it. "
    "High: open, of high priority or fatal."
)

_ATTRIBUTES = {
    "product_name": "name",
    "description": "description",
    "owner_team": "owner",
    "product_priority": "priority",
    "is_active": "active",
    "sla_target_hours": "SLA target",
    "sla_target_hours_high": "SLA target of high issues",
    "sla_target_hours_medium": "SLA target of medium issues",
    "sla_target_hours_low": "SLA target of low issues",
}
_SOURCES = {
    "owner_team": "owner_team_source",
    "product_priority": "product_priority_source",
}


@dataclass(frozen=True)
class NumbersRow:
    """One row of the table of numbers: a product with all below it, or (`is_own`) its own projects only.

    `cells` holds the values before and after by title of the column.
    """

    name: str
    depth: int
    is_own: bool
    health: str
    cells: dict[str, tuple[Any, Any]]


def headline(changes: Changes) -> str:
    """Return one sentence with how many products, projects and issues each kind of change meets."""
    described = [product for product in changes.staying if _changed_attributes(product)]
    parts = [
        f"{counted(len(found), noun)} {verb if len(found) == 1 else plural}"
        for found, noun, verb, plural in (
            (changes.appearing, "product", "appears", "appear"),
            (changes.vanishing, "product", "vanishes", "vanish"),
            (changes.moving, "product", "moves", "move"),
            (described, "product", "changes attributes", "change attributes"),
            (changes.assignments, "project", "changes product", "change product"),
            (changes.rules, "issue rule", "changes what it routes", "change what they route"),
            (
                changes.with_changed_numbers,
                "product",
                "changes its numbers",
                "change their numbers",
            ),
        )
        if found
    ]
    if changes.issues_with_other_terms:
        parts.append(
            f"the SLA target of {counted(changes.issues_with_other_terms, 'issue')} changes"
        )
    return "; ".join(parts) + "."


def product_lines(changes: Changes, show: Show) -> Iterator[str]:
    """Return a line for each product that appears, vanishes or moves, and one for each other change."""
    for product in changes.appearing:
        yield f"appears: {_named(product, show)}, {_place(product.after, show)}"
    for product in changes.vanishing:
        yield f"vanishes: {_named(product, show)}, was {_place(product.before, show)}"
    for product in changes.moving:
        was, now = _parent(product.before, show), _parent(product.after, show)
        yield f"moves: {_named(product, show)}, from {was} to {now}"
    yield from _attribute_lines(changes.staying, show)


def _attribute_lines(products: Iterable[ProductChange], show: Show) -> Iterator[str]:
    for column, word in _ATTRIBUTES.items():
        same: dict[tuple[str, str], list[str]] = {}
        for product in products:
            if product.changes(column):
                before = _value(column, product.value(product.before, column), show)
                after = _value(column, product.value(product.after, column), show)
                same.setdefault((before, after), []).append(_changed(product, column, show))
        for (before, after), names in same.items():
            what = word if column == "description" else f"{word} {before} → {after}"
            yield f"{what}: {_some(names, 'product')}"


def _changed(product: ProductChange, column: str, show: Show) -> str:
    if column == "product_name":
        return show(product.product_id)
    source = _SOURCES.get(column)
    sources = {product.value(side, source) for side in (product.before, product.after) if source}
    is_inherited = "inherited" in sources and "own" not in sources
    return _named(product, show) + (" (inherited)" if is_inherited else "")


def _changed_attributes(product: ProductChange) -> list[str]:
    return [column for column in _ATTRIBUTES if product.changes(column)]


def _value(column: str, value: Any, show: Show) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.startswith("sla_target_hours"):
        return f"{value:,.6g} h"
    return "" if column == "description" else show(value)


def _named(product: ProductChange, show: Show) -> str:
    return f"{show(product.row['product_name'])} ({show(product.product_id)})"


def _parent(row: Row | None, show: Show) -> str:
    return show(row["parent_name"]) if row and row["parent_name"] else "the top"


def _place(row: Row | None, show: Show) -> str:
    return f"below {show(row['parent_name'])}" if row and row["parent_name"] else "at the top"


def assignment_lines(changes: Changes, show: Show) -> Iterator[str]:
    """Return a line for each pair of products between which projects move."""

    def pair(assignment: Assignment) -> tuple[str | None, str | None]:
        return assignment.before_id, assignment.after_id

    for (before, after), group in groupby(changes.assignments, key=pair):
        was = show(before) if before else "no product"
        now = show(after) if after else "no product"
        projects = [show(assignment.project) for assignment in group]
        yield f"{was} → {now}: {_some(projects, 'project')}"


def issue_lines(changes: Changes, show: Show) -> Iterator[str]:
    """Return a line for each pair of products between which rules move issues, and one for each rule that differs."""
    for move in changes.moves:
        was, now = (show(name) if name else "no product" for name in (move.from_name, move.to_name))
        moves = "moves" if move.issues == 1 else "move"
        yield f"{counted(move.issues, 'issue')} {moves} from {was} to {now} ({move.open_issues:,} open)"
    for rule in changes.rules:
        named = (
            f"{rule.field} {show(rule.pattern)} in {show(rule.project)} → {show(rule.product_id)}"
        )
        if rule.after is None:
            yield f"rule vanishes: {named}, which routed {counted(rule.before or 0, 'issue')}"
            continue
        routes = counted(rule.after, "issue") if rule.after else "no issue yet"
        was = "" if rule.before is None else f", was {rule.before:,}"
        yield f"rule in line {rule.line}: {named} routes {routes}{was}"


def _some(names: list[str], noun: str) -> str:
    left = len(names) - NAMED
    more = f" and {counted(left, f'more {noun}')}" if left > 0 else ""
    return ", ".join(names[:NAMED]) + more


def number_rows(changes: Changes) -> list[NumbersRow]:
    """Return the rows of the table, in the order of the tree.

    A product whose own numbers change has two, unless nothing is below it.
    """
    rows = []
    for product in changes.with_changed_numbers:
        total = _numbers(product, is_own=False)
        own = _numbers(product, is_own=True)
        rows.append(total)
        measured = [cell for cell in own.cells if own.cells[cell] != total.cells[cell]]
        if measured and any(difference(*values) for values in own.cells.values()):
            rows.append(own)
    return rows


def _numbers(product: ProductChange, *, is_own: bool) -> NumbersRow:
    cells = {}
    for title, column in COLUMNS.items():
        name = f"own_{column}" if is_own else column
        if name in product.row:
            cells[title] = (
                product.value(product.before, name),
                product.value(product.after, name),
            )
    name = "own projects" if is_own else product.row["product_name"]
    health = "" if is_own else _health(product)
    return NumbersRow(name, product.row["depth"], is_own, health, cells)


def _health(product: ProductChange) -> str:
    if not product.before:
        return f"new: {product.row['health']}"
    if not product.after:
        return "gone"
    before, after = product.before["health"], product.after["health"]
    return str(after) if before == after else f"{before} → {after}"


def titles(rows: Iterable[NumbersRow]) -> list[str]:
    """Return the columns in which some row differs, the most important first."""
    changed = {title for row in rows for title, values in row.cells.items() if difference(*values)}
    return [title for title in COLUMNS if title in changed]


def number(value: float | None) -> str:
    """Return a number with thousands apart, or a hyphen where there is none."""
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def difference(before: float | None, after: float | None) -> str:
    """Return by how much a number rises or falls, as text with its sign; nothing if it stays."""
    change = (after or 0) - (before or 0)
    if not change:
        return ""
    return f"{change:+,.1f}" if isinstance(change, float) else f"{change:+,}"
