"""What differs between the marts of two catalogs: products, assignments of projects, and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

Row = dict[str, Any]

ATTRIBUTES = (
    "product_name",
    "description",
    "owner_team",
    "product_priority",
    "is_active",
    "sla_target_hours",
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
        from {catalog}.marts.product_overview as product
        left join {catalog}.marts.dim_products as parent
            on product.parent_product_id = parent.product_id
    """


def _differ(names: tuple[str, ...]) -> str:
    return " or ".join(f"before.{name} is distinct from after.{name}" for name in names)


# A vanished product stands where it was, between its former neighbours.
PRODUCTS = f"""
with before as ({_side("before")}), after as ({_side("after")})
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

ASSIGNMENTS = """
select
    after.organization_slug || '/' || after.project_slug as project,
    before.product_id as before_id,
    after.product_id as after_id,
from before.marts.dim_projects as before
inner join after.marts.dim_projects as after using (project_id)
where not after.is_deleted and before.product_id is distinct from after.product_id
order by before_id nulls first, after_id nulls first, project
"""


@dataclass(frozen=True)
class ProductChange:
    """A product that differs: its row before and after, None where there is no such product."""

    product_id: str
    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """Give the row after or, for a product that vanishes, the row before."""
        row = self.after or self.before
        assert row is not None
        return row

    @property
    def moves(self) -> bool:
        """Tell whether the product is on both sides, below different parents."""
        if not self.before or not self.after:
            return False
        return bool(self.before["parent_product_id"] != self.after["parent_product_id"])

    def changes(self, column: str) -> bool:
        """Tell whether the value differs; one side's absence is a difference."""
        return bool(self.value(self.before, column) != self.value(self.after, column))

    @property
    def counts_otherwise(self) -> bool:
        """Tell whether any number or the health differs."""
        return any(self.changes(column) for column in NUMBERS)

    @staticmethod
    def value(row: Row | None, column: str) -> Any:
        """Give the value, None where there is no row."""
        return row[column] if row else None


@dataclass(frozen=True)
class Assignment:
    """A project, as `organization/slug`, whose product differs; None is no product."""

    project: str
    before_id: str | None
    after_id: str | None


@dataclass(frozen=True)
class Changes:
    """All that differs: products in the order of the tree, assignments by product."""

    products: tuple[ProductChange, ...]
    assignments: tuple[Assignment, ...]

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.products or self.assignments)

    @property
    def appearing(self) -> list[ProductChange]:
        """Give the products that are only in `after`."""
        return [product for product in self.products if not product.before]

    @property
    def vanishing(self) -> list[ProductChange]:
        """Give the products that are only in `before`."""
        return [product for product in self.products if not product.after]

    @property
    def moving(self) -> list[ProductChange]:
        """Give the products that change their parent."""
        return [product for product in self.products if product.moves]

    @property
    def staying(self) -> list[ProductChange]:
        """Give the products that are on both sides."""
        return [product for product in self.products if product.before and product.after]

    @property
    def counting_otherwise(self) -> list[ProductChange]:
        """Give the products whose numbers differ, those that appear or vanish included."""
        return [product for product in self.products if product.counts_otherwise]


def compare(connection: duckdb.DuckDBPyConnection) -> Changes:
    """Give what differs between the marts of the attached catalogs `before` and `after`."""
    products = connection.execute(PRODUCTS).fetchall()
    assignments = connection.execute(ASSIGNMENTS).fetchall()
    return Changes(
        tuple(ProductChange(*product) for product in products),
        tuple(Assignment(*assignment) for assignment in assignments),
    )
