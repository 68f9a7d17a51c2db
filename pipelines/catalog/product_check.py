"""What can be wrong between the rows of products.csv."""

from __future__ import annotations

from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import counted, quoted
from pipelines.catalog.reading import Reading
from pipelines.catalog.tables import Product
from pipelines.catalog.tree import loops, unowned_trees


class ProductNames:
    """The ids that the file knows, and what was meant by one that it does not."""

    def __init__(self, reading: Reading) -> None:
        self._id_of_name = {product.name.lower(): product.product_id for product in reading.rows}
        self.ids = {product.product_id for product in reading.rows} | reading.partial_keys
        self.inactive = {row.product_id for row in reading.rows if not row.is_active}
        self._closest = Closest(self.ids)

    def hint(self, written: str) -> str:
        """Return `; did you mean "payments"?`: the id of the product of that name, or the closest."""
        named = self._id_of_name.get(written)
        return f"; did you mean {quoted(named)}?" if named else self._closest.hint(written)


def check_products(reading: Reading, names: ProductNames) -> None:
    """Add: no products, duplicate ids, unknown parents, loops, and what looks unintended."""
    if not reading.columns:
        return
    if not names.ids:
        reading.add(
            None,
            "has no products yet, so that no issue belongs to one; add some, or have `make init` draft them",
            "warning",
        )
    products = _first_of_each(reading)
    for product in reading.rows:
        if product.parent_id is not None and product.parent_id not in names.ids:
            advice = names.hint(product.parent_id) or "; leave it blank for a product at the top"
            unknown = f"parent_id {quoted(product.parent_id)} is no product_id of this file"
            reading.add(product.line, f"{unknown}{advice}", column="parent_id")
    for loop in loops({key: product.parent_id for key, product in products.items()}):
        reading.add(products[loop[0]].line, _loop(loop, products), column="parent_id")
    _active_below_inactive(reading, products)
    _without_owner(reading, products)
    _teams_in_two_spellings(reading)


def _first_of_each(reading: Reading) -> dict[str, Product]:
    products: dict[str, Product] = {}
    for product in reading.rows:
        if not product.product_id:
            continue
        first = products.setdefault(product.product_id, product)
        if first is not product:
            reading.add(
                product.line,
                f"product_id {quoted(product.product_id)} is the id of {quoted(first.name)} in "
                f"line {first.line} already (upper and lower case count as the same); "
                "give one of them another id, or remove it",
                column="product_id",
            )
    return products


def _loop(loop: list[str], products: dict[str, Product]) -> str:
    drawn = " > ".join([*loop, loop[0]])
    if len(loop) == 1:
        return f"a loop: {drawn}; a product cannot be its own parent, leave parent_id blank"
    lines = ", ".join(str(products[key].line) for key in loop)
    return (
        f"a loop: {drawn} (each is the parent of the next; lines {lines}); "
        "give one of them another parent_id, or none"
    )


def _active_below_inactive(reading: Reading, products: dict[str, Product]) -> None:
    for product in products.values():
        parent = products.get(product.parent_id or "")
        if product.is_active and parent is not None and not parent.is_active:
            reading.add(
                product.line,
                f"{quoted(product.product_id)} is active, but its parent "
                f"{quoted(parent.product_id)} (line {parent.line}) is not, so both count as "
                "inactive; write is_active false here too, or another parent_id",
                "warning",
                "is_active",
            )


def _without_owner(reading: Reading, products: dict[str, Product]) -> None:
    for root, count in unowned_trees(products):
        have = "has" if count == 1 else "have"
        below = f", nor {have} {counted(count, 'product')} below it" if count else ""
        reading.add(
            root.line,
            f"{quoted(root.product_id)} has no owner_team{below}; write one here, and everything "
            "below that has none of its own inherits it",
            "warning",
            "owner_team",
        )


def _teams_in_two_spellings(reading: Reading) -> None:
    first: dict[str, Product] = {}
    for product in reading.rows:
        team = product.owner_team
        if team is None:
            continue
        other = first.setdefault(team.lower(), product)
        if other.owner_team is not None and other.owner_team != team:
            reading.add(
                product.line,
                f"owner_team {quoted(team)} is {quoted(other.owner_team)} in line {other.line}, "
                "and would be reported as another team; write both the same",
                "warning",
                "owner_team",
            )
