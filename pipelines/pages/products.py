"""`/products/`: every product with its health, as a tree, a flat list or a heat map; worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.asked import SIZE, Asked
from pipelines.pages.drawings import sparkline
from pipelines.pages.listing import Column, Link, Listing, Page
from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import kept, reads, respond
from pipelines.pages.shown import address

HEALTH = ("critical", "at_risk", "healthy", "no_data")
PRIORITIES = ("critical", "high", "medium", "low")
YES_NO = ("yes", "no")
MEASURES = ("late_high_issues", "late_ratio", "at_risk_high_issues", "events_growth")
VIEWS = ("tree", "flat", "heat")


def to_issues(**filters: str) -> Link:
    """Return a link to the issues of the row's product that a number counts."""
    return lambda row: address("/issues/", product=row["product_id"], **filters)


PRODUCTS = Listing(
    query="products",
    table="product_overview",
    columns=(
        Column(
            "product_name",
            "Product",
            "product",
            lambda row: address(f"/products/{row['product_id']}"),
        ),
        Column("health_order", "Health", "health"),
        Column("unresolved_issues", "Open", "number", to_issues(status="unresolved")),
        Column(
            "unresolved_high_issues",
            "High",
            "number",
            to_issues(status="unresolved", high="yes"),
        ),
        Column("new_issues_7d", "New 7d", "number", to_issues(window="new7")),
        Column("resolved_issues_7d", "Fixed 7d", "number", to_issues(window="resolved7")),
        Column(
            "events_7d",
            "Events 7d",
            "number",
            lambda row: address(f"/products/{row['product_id']}/days/", days=7),
        ),
        Column(
            "sparkline",
            "30 days",
            "drawing",
            lambda row: address(f"/products/{row['product_id']}/days/", days=30),
            is_sorted=False,
        ),
        Column("events_growth_7d", "Growth", "growth"),
        Column("sla_breached_issues", "Late", "number", to_issues(sla="breached")),
        Column("owner_team", "Owner", "team"),
        Column("product_priority", "Priority"),
    ),
    sort="health_order",
    tie="sla_breached_issues desc, product_name, product_id",
    filters={"team": None, "priority": PRIORITIES, "health": HEALTH, "active": YES_NO},
)


@kept
@reads
def products(request: Request, reader: Reader) -> Response:
    """Return the page, or the list as a file."""
    wanted = PRODUCTS.asked(request, VIEWS)
    if form := request.path_params.get("form"):
        return PRODUCTS.export(reader, wanted, form)
    page = _tree(reader, wanted) if wanted.view != "flat" else PRODUCTS.page(reader, wanted)
    _draw(page)
    measures: dict[str, dict[str, Row]] = defaultdict(dict)
    if wanted.view == "heat":
        shown = [row["product_id"] for row in page.rows]
        for row in reader.rows("measures", products=shown):
            measures[row["product_id"]][row["measure"]] = row
    return respond(
        request,
        reader,
        "products",
        page=page,
        tiles=reader.run("from kept.tiles")[0],
        measures=measures,
        measure_names=sorted(
            {name for found in measures.values() for name in found}, key=_place_of_measure
        ),
        teams=reader.choices("team_names"),
        choices={"priority": PRIORITIES, "health": HEALTH, "active": YES_NO},
    )


def _place_of_measure(name: str) -> tuple[int, str]:
    """Return where a measure stands in the heat map: what hurts people now comes first."""
    return (MEASURES.index(name) if name in MEASURES else len(MEASURES), name)


def _tree(reader: Reader, wanted: Asked) -> Page:
    """Return a page of the tree, siblings in the order asked for; ancestors of what matches stay, marked as context."""
    everything = {row["product_id"]: row for row in _ordered(reader, wanted, filtered=False)}
    matching = {row["product_id"] for row in _ordered(reader, wanted, filtered=True)}
    shown = set()
    for product_id in matching:
        while product_id is not None and product_id not in shown:
            shown.add(product_id)
            product_id = everything[product_id]["parent_product_id"]
    children: dict[str | None, list[Row]] = defaultdict(list)
    for row in everything.values():
        if row["product_id"] in shown:
            children[row["parent_product_id"]].append(
                {**row, "is_context": row["product_id"] not in matching}
            )
    rows = list(_down(children))
    return Page(PRODUCTS, wanted, rows[wanted.offset : wanted.offset + SIZE], len(rows), reader)


def _ordered(reader: Reader, wanted: Asked, *, filtered: bool) -> list[Row]:
    """Return the products in the order asked for: active ones first."""
    direction = "desc" if wanted.descending else "asc"
    kept = reader.publication.kept
    filters = wanted.filters if filtered else dict.fromkeys(wanted.filters)
    # Orders and directions are few, filters are not.
    key = ("products", wanted.sort, direction)
    if any(filters.values()) or key not in kept:
        rows = reader.run(
            f"from ({PRODUCTS.sql}) order by is_active desc, {wanted.sort} {direction} nulls last, {PRODUCTS.tie}",
            **filters,
        )
        if any(filters.values()):
            return rows
        kept[key] = rows
    kept_rows: list[Row] = kept[key]
    return kept_rows


def _down(children: dict[str | None, list[Row]]) -> Iterator[Row]:
    """Yield every product after its parent, without recursion: a tree may be deep."""
    waiting = list(reversed(children[None]))
    while waiting:
        row = waiting.pop()
        yield row
        waiting.extend(reversed(children[row["product_id"]]))


def _draw(page: Page) -> None:
    shown = [row["product_id"] for row in page.rows]
    reader = page.reader
    drawn = reader.rows("sparklines", products=shown)
    events = {row["product_id"]: row["events"] for row in drawn}
    for row in page.rows:
        title = f"Events of {row['product_name']} per day, the last 30 days"
        row["sparkline"] = sparkline(events.get(row["product_id"], []), title)
