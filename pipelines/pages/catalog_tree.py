"""The products of products.csv as a tree, whatever is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.catalog import values
from pipelines.catalog.editing import File
from pipelines.catalog.spreadsheet import Record


@dataclass(frozen=True)
class Node:
    """One row of the file, with its place in the tree: names from the top down, ids of all above it."""

    record: Record
    product_id: str
    path: tuple[str, ...]
    above: tuple[str, ...]

    @property
    def depth(self) -> int:
        """How many products are above it."""
        return len(self.above)

    @property
    def label(self) -> str:
        """The names from the top down on one line."""
        return " > ".join(self.path)


def tree(file: File) -> list[Node]:
    """Return every row, below its parent and then by name; what hangs below nothing that is there comes last."""
    below: dict[str, list[tuple[str, str, Record]]] = {}
    for record in file.rows:
        cells = file.cells(record)
        product_id, parent = (values.lower(cells[name]) for name in ("product_id", "parent_id"))
        name = values.one_line(cells["name"]) or product_id
        below.setdefault(parent, []).append((name, product_id, record))
    found: dict[int, Node] = {}
    for node in _below("", (), (), below):
        found.setdefault(node.record.line, node)
    for rows in below.values():
        for name, product_id, record in rows:
            found.setdefault(record.line, Node(record, product_id, (name,), ()))
    return list(found.values())


def _below(
    parent: str,
    path: tuple[str, ...],
    above: tuple[str, ...],
    below: dict[str, list[tuple[str, str, Record]]],
) -> Iterator[Node]:
    waiting = [(name, key, record, path, above) for name, key, record in _sorted(below, parent)]
    while waiting:
        name, key, record, path, above = waiting.pop()
        node = Node(record, key, (*path, name), above)
        yield node
        if key and key not in above:
            beneath = (*above, key)
            waiting += [(n, k, r, node.path, beneath) for n, k, r in _sorted(below, key)]


def _sorted(
    below: dict[str, list[tuple[str, str, Record]]], parent: str
) -> list[tuple[str, str, Record]]:
    return sorted(below.get(parent, ()), key=lambda row: row[0].lower(), reverse=True)
