"""The product tree as the parent ids draw it, whether or not it is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.catalog.tables import Product


def loops(parents: Mapping[str, str | None]) -> list[list[str]]:
    """Return every loop once: parent before child, beginning with the id that comes first in `parents`.

    `parents` names each id's parent; a parent that is not itself a key ends the walk. Since an id has one
    parent, no id is in two loops. The cost is linear.
    """
    walk_of: dict[str, int] = {}
    order = {product_id: place for place, product_id in enumerate(parents)}
    found = []
    for walk, start in enumerate(parents):
        at: str | None = start
        while at is not None and at in parents and at not in walk_of:
            walk_of[at] = walk
            at = parents[at]
        if at is not None and walk_of.get(at) == walk:
            loop = [at]
            while (above := parents[loop[-1]]) is not None and above != at:
                loop.append(above)
            loop.reverse()
            first = min(range(len(loop)), key=lambda place: order[loop[place]])
            found.append(loop[first:] + loop[:first])
    return sorted(found, key=lambda loop: order[loop[0]])


def unowned_trees(products: Mapping[str, Product]) -> Iterator[tuple[Product, int]]:
    """Return each active root without an owner, and how many active products below it have none either.

    Products in or below a loop, or below a parent that does not exist, belong to no root.
    """
    children: dict[str | None, list[Product]] = {}
    for product in products.values():
        children.setdefault(product.parent_id, []).append(product)
    for root in children.get(None, ()):
        if root.owner_team is None and root.is_active:
            below = list(children.get(root.product_id, ()))
            count = 0
            while below:
                product = below.pop()
                if product.owner_team is None and product.is_active:
                    count += 1
                    below.extend(children.get(product.product_id, ()))
            yield root, count
