"""`/products/{product_id}`: one product, from its health down to its issues and its history."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.asked import asked
from pipelines.pages.drawings import scatter
from pipelines.pages.issues import first_issues
from pipelines.pages.listing import exported
from pipelines.pages.products import PRODUCTS
from pipelines.pages.projects import PROJECTS
from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import NotThereError, reads, respond
from pipelines.pages.shown import of_sentry

DAYS = 90
FIRST = 10  # issues of triage


@reads
def product(request: Request, reader: Reader) -> Response:
    """Return the page of one product."""
    found = _product(request, reader)
    product_id = found["product_id"]
    as_of = reader.publication.as_of
    server = request.app.state.server
    urgent = first_issues(
        reader, server, "score desc nulls last", FIRST, product=product_id, status="unresolved"
    )
    recent = first_issues(reader, server, "last_seen_at desc nulls last", FIRST, product=product_id)
    movers = reader.rows("movers", product=product_id)
    for row in movers:
        row["permalink"] = of_sentry(row["permalink"], server)
    resolutions = reader.rows("resolutions", product=product_id, as_of=as_of)
    below = reader.run(
        f"from ({PRODUCTS.sql}) where parent_product_id = $product order by {PRODUCTS.sort}, {PRODUCTS.tie}",
        product=product_id,
        **dict.fromkeys(PRODUCTS.filters),
    )
    return respond(
        request,
        reader,
        "product",
        product=found,
        ancestors=reader.rows("ancestors", product=product_id),
        measures=reader.rows("measures", products=[product_id]),
        days=list(reversed(reader.rows("days", product=product_id, as_of=as_of, days=DAYS))),
        movers=movers,
        urgent=urgent,
        recent=recent,
        below=below,
        brought=reader.rows("product_releases", product=product_id),
        resolutions=resolutions,
        resolution_times=_scatter(found, resolutions, reader),
        projects=reader.run(
            f"from ({PROJECTS.sql}) order by unresolved_issues desc, project_slug limit 100",
            product=product_id,
            assigned=None,
        ),
        health_history=reader.rows("health_history", product=product_id),
        history=reader.rows("product_history", product=product_id),
    )


@reads
def days(request: Request, reader: Reader) -> Response:
    """Return the days behind the sums of a product: `days` of them, the newest first."""
    found = _product(request, reader)
    wanted = asked(
        request.query_params, filters={"days": None}, sorts=("date_on",), default_sort="-date_on"
    )
    count = wanted.filters["days"] or str(DAYS)
    number = int(count) if count.isascii() and count.isdigit() and len(count) < 6 else DAYS
    rows = reader.rows(
        "days", product=found["product_id"], as_of=reader.publication.as_of, days=number
    )
    if form := request.path_params.get("form"):
        return exported(rows, form, f"days-{found['product_id']}")
    return respond(request, reader, "days", product=found, rows=rows[:400], days=number)


def _product(request: Request, reader: Reader) -> Row:
    product_id = request.path_params["product_id"]
    found = reader.row("product", product=product_id)
    if found is None:
        raise NotThereError(f"There is no product {product_id!r} in what is published.")
    return found


def _scatter(found: Row, resolutions: list[Row], reader: Reader) -> object:
    """Return the resolved issues of 90 days by time and hours, with their median and the product's target."""
    if not resolutions:
        return None
    begin, span = reader.publication.as_of - timedelta(days=DAYS), DAYS * 86_400
    points = [
        (
            (row["resolved_at"] - begin).total_seconds() / span,
            row["hours_to_resolution"],
            f"{row['short_id']}: {row['hours_to_resolution']:.1f} hours",
        )
        for row in resolutions
    ]
    lines = [
        (found["median_hours_to_resolution_30d"], "median"),
        (found["sla_target_hours"], "target"),
    ]
    return scatter(points, [(value, name) for value, name in lines if value])
