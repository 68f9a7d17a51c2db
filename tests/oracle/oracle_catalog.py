"""The product tree and which project belongs to which product, walked in plain Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from .raw_world import RawWorld, Row


@dataclass(frozen=True)
class Catalog:
    """Products by id and target hours by their priority and an issue's, with the walks that the reports need."""

    products: dict[str, Row]
    targets: dict[tuple[str, str | None], float]

    @cached_property
    def children(self) -> dict[str | None, list[str]]:
        """Product ids below each parent (None: the roots), in the order in which they are shown."""
        below: dict[str | None, list[str]] = {None: []} | {key: [] for key in self.products}
        for product in sorted(self.products.values(), key=lambda p: (p["name"], p["product_id"])):
            below[product["parent_id"]].append(product["product_id"])
        return below

    def ancestors(self, product_id: str) -> list[str]:
        """The product itself, its parent, and so on up to the root."""
        parent = self.products[product_id]["parent_id"]
        return [product_id, *(self.ancestors(parent) if parent else [])]

    def nearest(self, product_id: str, column: str) -> tuple[str | None, str]:
        """The value that the product has or inherits, and whether it is own, inherited or none."""
        for distance, ancestor in enumerate(self.ancestors(product_id)):
            if self.products[ancestor][column] is not None:
                return self.products[ancestor][column], "inherited" if distance else "own"
        return None, "none"

    def cell(self, product_id: str, issue_priority: str | None) -> float | None:
        """The hours that the catalog writes for just these two priorities."""
        priority, _ = self.nearest(product_id, "priority")
        return self.targets.get((priority or "", issue_priority))

    def target_of(self, product_id: str, issue_priority: str | None) -> float | None:
        named = self.cell(product_id, issue_priority)
        return self.cell(product_id, None) if named is None else named

    def is_active(self, product_id: str) -> bool:
        return all(self.products[each]["is_active"] for each in self.ancestors(product_id))

    def active_tree(self, product_id: str, distance: int = 0) -> Iterator[tuple[str, int]]:
        """The product, whatever its own flag says, and everything active below it."""
        yield product_id, distance
        for child in self.children[product_id]:
            if self.products[child]["is_active"]:
                yield from self.active_tree(child, distance + 1)

    def in_order(self, parent: str | None = None) -> Iterator[str]:
        """Every product after its parent and before its parent's next sibling."""
        for child in self.children[parent]:
            yield child
            yield from self.in_order(child)

    def label(self, product_id: str) -> str:
        """The name behind its branch, as `tree` draws it; roots stand at the margin."""
        *below_root, _ = self.ancestors(product_id)
        is_last = [
            self.children[self.products[each]["parent_id"]][-1] == each for each in below_root
        ]
        branch = "".join("    " if last else "│   " for last in reversed(is_last[1:]))
        if is_last:
            branch += "└── " if is_last[0] else "├── "
        return branch + str(self.products[product_id]["name"])

    def dim_products(self) -> list[Row]:
        return [self._dim(product_id, order) for order, product_id in enumerate(self.in_order())]

    def _dim(self, product_id: str, order: int) -> Row:
        product = self.products[product_id]
        line = self.ancestors(product_id)
        owner, owner_source = self.nearest(product_id, "owner_team")
        priority, priority_source = self.nearest(product_id, "priority")
        return {
            "product_id": product_id,
            "product_name": product["name"],
            "parent_product_id": product["parent_id"],
            "root_product_id": line[-1],
            "path": " > ".join(self.products[each]["name"] for each in reversed(line)),
            "depth": len(line) - 1,
            "tree_order": order,
            "tree_label": self.label(product_id),
            "description": product["description"],
            "owner_team": owner,
            "owner_team_source": owner_source,
            "product_priority": priority,
            "product_priority_source": priority_source,
            "is_active": self.is_active(product_id),
            "is_leaf": not self.children[product_id],
            "sla_target_hours": self.cell(product_id, None),
        } | {
            f"sla_target_hours_{each}": self.cell(product_id, each)
            for each in ("high", "medium", "low")
        }

    def product_closure(self) -> list[Row]:
        return [
            {
                "ancestor_id": ancestor,
                "descendant_id": product_id,
                "distance": distance,
                "is_counted": product_id in (below for below, _ in self.active_tree(ancestor)),
            }
            for product_id in self.products
            for distance, ancestor in enumerate(self.ancestors(product_id))
        ]


def matches(pattern: str, slug: str) -> bool:
    """Whether the glob, in which only * and ? are special, covers the whole slug."""
    wild = {"*": ".*", "?": "."}
    return bool(re.fullmatch("".join(wild.get(c, re.escape(c)) for c in pattern), slug, re.DOTALL))


def product_of(
    project: Row, former_slugs: list[str], mapping: list[Row]
) -> tuple[str | None, str | None, str | None]:
    """(product_id, mapped_by, pattern) of the first row that fits; former slugs are newest first."""
    applicable = sorted(
        (row for row in mapping if row["organization"] in (None, project["organization_slug"])),
        key=lambda row: (
            row["organization"] is None,
            -len(row["project"].replace("*", "").replace("?", "")),
        ),
    )
    exact = [row for row in applicable if not set("*?") & set(row["project"])]
    globs = [row for row in applicable if set("*?") & set(row["project"])]
    slug = project["project_slug"]
    for rows, slugs, mapped_by in (
        (exact, [slug], "exact"),
        (exact, former_slugs, "former_slug"),
        (globs, [slug], "pattern"),
        (globs, former_slugs, "former_slug"),
    ):
        for candidate in slugs:
            for row in rows:
                if matches(row["project"], candidate):
                    return row["product_id"], mapped_by, row["project"]
    return None, None, None


def dim_projects(world: RawWorld) -> list[Row]:
    rows = []
    for project in world.raw["projects"]:
        former_slugs = _former_slugs(world, project)
        product_id, mapped_by, pattern = product_of(project, former_slugs, world.project_products)
        rows.append(
            {
                column: project[column]
                for column in ("project_id", "organization_slug", "project_slug")
            }
            | {
                "product_id": product_id,
                "mapped_by": mapped_by,
                "mapped_pattern": pattern,
                "former_slugs": former_slugs or None,
                "is_deleted": project["deleted_at"] is not None,
            }
        )
    return rows


def _former_slugs(world: RawWorld, project: Row) -> list[str]:
    """Newest first."""
    history: list[tuple[datetime, str]] = sorted(
        (row["adopted_at"], row["project_slug"])
        for row in world.raw["project_slugs"]
        if row["project_id"] == project["project_id"]
        and row["organization_slug"] == project["organization_slug"]
        and row["project_slug"] != project["project_slug"]
    )
    return [slug for _, slug in reversed(history)]
