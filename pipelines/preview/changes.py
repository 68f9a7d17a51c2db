"""What differs between the marts of two catalogs: products, assignments of projects, and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.preview import build_models as models

Row = dict[str, Any]

ATTRIBUTES = (
    "product_name",
    "description",
    "owner_team",
    "product_priority",
    "is_active",
    "sla_target_hours",
    "sla_target_hours_high",
    "sla_target_hours_medium",
    "sla_target_hours_low",
)
MEASURES = (
    "project_count",
    "unresolved_issues",
    "events_7d",
    "sla_breached_issues",
    "sla_at_risk_issues",
    "new_issues_7d",
    "resolved_issues_7d",
    "resolved_issues",
    "ignored_issues",
    "total_issues",
    "event_count",
    "user_count",
)
# Only the tree as a whole has these.
TREE_MEASURES = (
    "unresolved_high_issues",
    "median_hours_to_resolution_30d",
    "p90_hours_to_resolution_30d",
)
NUMBERS = (*MEASURES, *(f"own_{name}" for name in MEASURES), *TREE_MEASURES, "health")


def _side(catalog: str) -> str:
    columns = ", ".join(f"product.{name}" for name in (*ATTRIBUTES, *NUMBERS))
    return f"""
        select
            product.product_id, product.parent_product_id, product.path, product.depth,
            product.owner_team_source, product.product_priority_source,
            parent.product_name as parent_name, {columns}
        from {catalog}.{models.OVERVIEW} as product
        left join {catalog}.{models.PRODUCTS} as parent
            on product.parent_product_id = parent.product_id
    """


def _differ(names: tuple[str, ...]) -> str:
    return " or ".join(f"before.{name} is distinct from after.{name}" for name in names)


def _products(before: str, after: str) -> str:
    # A vanished product stands where it was, between its former neighbours.
    return f"""
with before as ({_side(before)}), after as ({_side(after)})
select
    coalesce(after.product_id, before.product_id) as product_id,
    if(before.product_id is null, null, before) as before,
    if(after.product_id is null, null, after) as after,
from before
full outer join after using (product_id)
where
    before.product_id is null
    or after.product_id is null
    or {_differ(("parent_product_id", *ATTRIBUTES, *NUMBERS))}
order by
    string_split(lower(coalesce(after.path, before.path)), ' > '),
    coalesce(after.product_id, before.product_id)
"""


def _assignments(before: str, after: str) -> str:
    return f"""
select
    after.organization_slug || '/' || after.project_slug as project,
    before.product_id as before_id,
    after.product_id as after_id,
from {before}.{models.PROJECTS} as before
inner join {after}.{models.PROJECTS} as after using (project_id)
where not after.is_deleted and before.product_id is distinct from after.product_id
order by before_id nulls first, after_id nulls first, project
"""


def _moves(before: str, after: str) -> str:
    # Only what a rule has to do with: the others follow their project.
    return f"""
select
    from_product.product_name as from_name,
    to_product.product_name as to_name,
    count(*) as issues,
    count(*) filter (before.status = 'unresolved') as open_issues,
from {before}.{models.ISSUES} as before
inner join {after}.{models.ISSUES} as after using (issue_id)
left join {before}.{models.PRODUCTS} as from_product on before.product_id = from_product.product_id
left join {after}.{models.PRODUCTS} as to_product on after.product_id = to_product.product_id
where
    before.product_id is distinct from after.product_id
    and (before.routed_by <> 'project' or after.routed_by <> 'project')
    and before.status not in ('deleted', 'merged')
group by before.product_id, after.product_id, from_name, to_name
order by issues desc, before.product_id nulls first, after.product_id nulls first
"""


def _rules(before: str, after: str) -> str:
    return f"""
select
    coalesce(after.line, before.line) as line,
    coalesce(after.project_pattern, before.project_pattern) as project,
    coalesce(after.field, before.field) as field,
    coalesce(after.pattern, before.pattern) as pattern,
    coalesce(after.product_id, before.product_id) as product_id,
    before.routed_issues as routed_before,
    after.routed_issues as routed_after,
from {before}.{models.RULES} as before
full outer join {after}.{models.RULES} as after
    on
        before.organization_slug is not distinct from after.organization_slug
        and before.project_pattern = after.project_pattern
        and before.field = after.field
        and before.pattern = after.pattern
        and before.product_id = after.product_id
where before.routed_issues is distinct from after.routed_issues
order by after.line nulls last, before.line
"""


def _terms(before: str, after: str) -> str:
    return f"""
select count(*)
from {before}.{models.ISSUES} as before
inner join {after}.{models.ISSUES} as after using (issue_id)
where
    after.status not in ('deleted', 'merged')
    and before.sla_target_hours is distinct from after.sla_target_hours
"""


@dataclass(frozen=True)
class ProductChange:
    """A product that differs: its row before and after, None where there is no such product."""

    product_id: str
    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """Return the row after or, for a product that vanishes, the row before."""
        row = self.after or self.before
        assert row is not None
        return row

    @property
    def moves(self) -> bool:
        """Return whether the product is on both sides, below different parents."""
        if not self.before or not self.after:
            return False
        return bool(self.before["parent_product_id"] != self.after["parent_product_id"])

    def changes(self, column: str) -> bool:
        """Return whether the value differs; one side's absence is a difference."""
        return bool(self.value(self.before, column) != self.value(self.after, column))

    @property
    def has_changed_numbers(self) -> bool:
        """Return whether any number or the health differs."""
        return any(self.changes(column) for column in NUMBERS)

    @staticmethod
    def value(row: Row | None, column: str) -> Any:
        """Return the value, None where there is no row."""
        return row[column] if row else None


@dataclass(frozen=True)
class Assignment:
    """A project, as `organization/slug`, whose product differs; None is no product."""

    project: str
    before_id: str | None
    after_id: str | None


@dataclass(frozen=True)
class MovedIssues:
    """Live issues that rules move from one product (its name, None: no product) to another."""

    from_name: str | None
    to_name: str | None
    issues: int
    open_issues: int


@dataclass(frozen=True)
class RuleChange:
    """An issue rule that is new (`before` is None), gone (`after` is None), or routes another number of issues."""

    line: int
    project: str
    field: str
    pattern: str
    product_id: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Changes:
    """All that differs: products in the order of the tree, assignments by product, rules by line.

    `issues_with_other_terms` counts the live issues whose SLA target differs.
    """

    products: tuple[ProductChange, ...]
    assignments: tuple[Assignment, ...]
    moves: tuple[MovedIssues, ...]
    rules: tuple[RuleChange, ...]
    issues_with_other_terms: int

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.products or self.assignments or self.moves or self.rules)

    @property
    def appearing(self) -> list[ProductChange]:
        """Return the products that are only in `after`."""
        return [product for product in self.products if not product.before]

    @property
    def vanishing(self) -> list[ProductChange]:
        """Return the products that are only in `before`."""
        return [product for product in self.products if not product.after]

    @property
    def moving(self) -> list[ProductChange]:
        """Return the products that change their parent."""
        return [product for product in self.products if product.moves]

    @property
    def staying(self) -> list[ProductChange]:
        """Return the products that are on both sides."""
        return [product for product in self.products if product.before and product.after]

    @property
    def with_changed_numbers(self) -> list[ProductChange]:
        """Return the products whose numbers differ, those that appear or vanish included."""
        return [product for product in self.products if product.has_changed_numbers]


def compare(connection: duckdb.DuckDBPyConnection, before: str, after: str) -> Changes:
    """Return what differs between the marts of the two attached catalogs."""
    products = connection.execute(_products(before, after)).fetchall()
    assignments = connection.execute(_assignments(before, after)).fetchall()
    moves = connection.execute(_moves(before, after)).fetchall()
    rules = connection.execute(_rules(before, after)).fetchall()
    ((issues_with_other_terms,),) = connection.execute(_terms(before, after)).fetchall()
    return Changes(
        tuple(ProductChange(*product) for product in products),
        tuple(Assignment(*assignment) for assignment in assignments),
        tuple(MovedIssues(*move) for move in moves),
        tuple(RuleChange(*rule) for rule in rules),
        issues_with_other_terms,
    )
