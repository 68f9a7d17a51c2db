"""`/products/{product_id}`: one product, from its health down to its issues and its history."""

from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.asked import asked
from pipelines.pages.drawings import Mark, by_day, scatter
from pipelines.pages.issues import first_issues
from pipelines.pages.listing import exported
from pipelines.pages.products import PRODUCTS
from pipelines.pages.projects import PROJECTS
from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import NotThereError, kept, reads, respond
from pipelines.pages.shown import of_sentry

DAYS = 90
FIRST = 10  # issues of triage


@kept
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
    last_days = reader.rows("days", product=product_id, as_of=as_of, days=DAYS)
    releases = _releases(reader, product_id)
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
        days=last_days,
        charts=_charts(last_days[::-1], releases),
        releases=releases,
        movers=movers,
        urgent=urgent,
        recent=recent,
        below=below,
        brought=reader.rows("product_releases", product=product_id),
        resolutions=resolutions,
        resolved_in_all=resolutions[0]["resolved_in_all"] if resolutions else 0,
        resolution_times=_resolution_times(found, resolutions, reader),
        projects=reader.run(
            f"from ({PROJECTS.sql}) order by unresolved_issues desc, project_slug limit 100",
            product=product_id,
            assigned=None,
        ),
        health_history=reader.rows("health_history", product=product_id),
        history=reader.rows("product_history", product=product_id),
    )


@kept
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


def _releases(reader: Reader, product_id: str) -> list[Row]:
    """Return the releases of these days with most new issues."""
    if not reader.has("product_releases", "version_name"):
        return []
    as_of = reader.publication.as_of
    return reader.rows("releases", product=product_id, as_of=as_of, days=DAYS)


def _charts(oldest_first: list[Row], releases: list[Row]) -> list[dict[str, Any]]:
    """Return the charts of the days, each with the columns of the table of days that it draws."""
    if not oldest_first:
        return []
    dates = [row["date_on"] for row in oldest_first]
    marks = [
        Mark(row["released_at"], f"{row['package'] or ''} {row['version_name']}".strip())
        for row in releases
    ]
    drawn = []
    for names, words in (
        ({"events": "event_count"}, "Events per UTC day"),
        (
            {"open": "unresolved_issues", "late": "late_issues"},
            "Open and late issues at the end of each UTC day",
        ),
    ):
        series = [(name, [row[column] for row in oldest_first]) for name, column in names.items()]
        title = f"{words}, {dates[0]:%d %b} to {dates[-1]:%d %b %Y}"
        drawn.append(
            {"title": title, "names": names, "drawing": by_day(dates, series, marks, title)}
        )
    return drawn


def _resolution_times(found: Row, resolutions: list[Row], reader: Reader) -> Markup | None:
    """Return the resolved issues of 90 days by time and hours, with their median and the product's target."""
    if not resolutions:
        return None
    points = [
        (
            row["resolved_at"],
            row["hours_to_resolution"],
            row["hours_to_resolution"] > (row["sla_target_hours"] or inf),
            f"{row['short_id']}: {row['hours_to_resolution']:,.1f} hours",
        )
        for row in resolutions
    ]
    lines = [
        ("median", found["median_hours_to_resolution_30d"]),
        ("target", found["sla_target_hours"]),
    ]
    first = reader.publication.as_of.date() - timedelta(days=DAYS - 1)
    return scatter(
        points,
        [(name, value) for name, value in lines if value],
        first,
        DAYS,
        "Hours to resolution of each issue by the UTC day on which it was resolved",
    )
