"""`/issues/`: the rows behind every count of issues, most urgent first, with the score as a bar of its factors."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.drawings import factors
from pipelines.pages.listing import Column, Listing
from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import kept, reads, respond
from pipelines.pages.shown import address, of_sentry

STATUSES = ("unresolved", "resolved", "ignored")
LEVELS = ("fatal", "error", "warning", "info", "debug")
ISSUE_PRIORITIES = ("high", "medium", "low")
PRODUCTION = ("yes", "no")
BROUGHT = ("new", "back")
SLA = ("breached", "at_risk", "on_track", "no_target")
WINDOWS = {"new7": "new in 7 days", "resolved7": "fixed in 7 days", "seen7": "seen in 7 days"}
FACTORS = ("product", "severity", "user", "event", "sla", "regression", "production")
# The most that the factors of one issue can add up to.
FULL_SCORE = 100

ISSUES = Listing(
    query="issues",
    table="fct_issues",
    columns=(
        Column("title", "Issue", "issue"),
        Column("score", "Urgency", "urgency"),
        Column(
            "product_name",
            "Product",
            "text",
            lambda row: address(f"/products/{row['product_id']}") if row["product_id"] else None,
        ),
        Column("project_slug", "Project"),
        Column("status", "Status"),
        Column("issue_priority", "Priority"),
        Column("sla_status", "SLA", "sla"),
        Column("events_7d", "Events 7d", "number"),
        Column("user_count", "Users", "number"),
        Column("last_seen_at", "Last seen", "moment"),
        Column("first_seen_at", "First seen", "moment"),
        Column("introduced_in_release", "New in"),
        Column("resolves_7d", "Fixed 7d", "number"),
    ),
    sort="-score",
    tie="place",
    found="found_issues",
    filters={
        "product": None,
        "own": ("yes",),
        "project": None,
        "team": None,
        "active": ("yes", "no"),
        "status": STATUSES,
        "level": LEVELS,
        "priority": ISSUE_PRIORITIES,
        "high": ("yes",),
        "production": PRODUCTION,
        "organization": None,
        "release": None,
        "brought": BROUGHT,
        "sla": SLA,
        "window": tuple(WINDOWS),
        "q": None,
    },
)


@kept
@reads
def issues(request: Request, reader: Reader) -> Response:
    """Return the page, or the list as a file."""
    wanted = ISSUES.asked(request)
    if form := request.path_params.get("form"):
        return ISSUES.export(reader, wanted, form)
    page = ISSUES.page(reader, wanted)
    draw(page.rows, request.app.state.server)
    return respond(
        request,
        reader,
        "issues",
        page=page,
        factors=FACTORS,
        teams=reader.choices("team_names"),
        choices={
            "status": STATUSES,
            "priority": ISSUE_PRIORITIES,
            "level": LEVELS,
            "sla": SLA,
            "window": WINDOWS,
            "production": PRODUCTION,
        },
    )


def draw(rows: list[Row], server: str) -> None:
    """Add the bar of the score and the link to Sentry to rows of issues."""
    for row in rows:
        if row["score"] is not None:
            row["parts"] = [(name, row[f"{name}_points"] or 0) for name in FACTORS]
            row["bar"] = factors(row["parts"], FULL_SCORE)
        row["permalink"] = of_sentry(row["permalink"], server)


def first_issues(reader: Reader, server: str, order: str, count: int, **filters: str) -> list[Row]:
    """Return the first issues in an order of ours, drawn, of those that the list's filters leave."""
    rows = ISSUES.rows(reader, dict.fromkeys(ISSUES.filters) | filters, order, count)
    draw(rows, server)
    return rows
