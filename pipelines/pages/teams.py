"""`/teams/` and `/teams/{owner_team}`: who owns what, and what is most urgent for one team."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.issues import first_issues
from pipelines.pages.listing import Column, Link, Listing
from pipelines.pages.products import PRODUCTS
from pipelines.pages.published import Reader
from pipelines.pages.respond import NotThereError, kept, reads, respond
from pipelines.pages.shown import address
from pipelines.pages.trends import with_balance

SHOWN = 20  # late issues, and those that soon are
FIRST = 10  # issues of triage


def _to_issues(**filters: str) -> Link:
    return lambda row: address("/issues/", team=row["owner_team"], active="yes", **filters)


TEAMS = Listing(
    query="teams",
    table="team_accountability",
    columns=(
        Column("owner_team", "Team", "team"),
        Column(
            "product_count",
            "Products",
            "number",
            lambda row: address("/products/", view="flat", team=row["owner_team"], active="yes"),
        ),
        Column("project_count", "Projects", "number"),
        Column("unresolved_issues", "Open", "number", _to_issues(status="unresolved")),
        Column(
            "unresolved_high_issues", "High", "number", _to_issues(status="unresolved", high="yes")
        ),
        Column("new_issues_7d", "New 7d", "number", _to_issues(window="new7")),
        Column("resolved_issues_7d", "Fixed 7d", "number", _to_issues(window="resolved7")),
        Column("sla_breached_issues", "Late", "number", _to_issues(sla="breached")),
        Column("sla_at_risk_issues", "At risk", "number", _to_issues(sla="at_risk")),
        Column("median_hours_to_resolution_30d", "Median to fix", "hours"),
        Column("oldest_unresolved_at", "Oldest", "moment"),
    ),
    sort="-sla_breached_issues",
    tie="owner_team",
)


@kept
@reads
def teams(request: Request, reader: Reader) -> Response:
    """Return the teams, those with most late issues first."""
    wanted = TEAMS.asked(request)
    if form := request.path_params.get("form"):
        return TEAMS.export(reader, wanted, form)
    return respond(request, reader, "teams", page=TEAMS.page(reader, wanted))


@kept
@reads
def team(request: Request, reader: Reader) -> Response:
    """Return what one team has to do: late, soon late, most urgent; and how it fares."""
    name = request.path_params["owner_team"]
    numbers = next(
        iter(reader.run("from marts.team_accountability where owner_team = $team", team=name)), None
    )
    if numbers is None:
        raise NotThereError(f"No team {name!r} owns a product in what is published.")
    server, owned = request.app.state.server, {"team": name, "active": "yes"}
    lists = {
        "late": first_issues(reader, server, "due_at", SHOWN, **owned, sla="breached"),
        "soon": first_issues(reader, server, "due_at", SHOWN, **owned, sla="at_risk"),
        "urgent": first_issues(
            reader, server, "score desc nulls last", FIRST, **owned, status="unresolved"
        ),
    }
    return respond(
        request,
        reader,
        "team",
        team=numbers,
        **lists,
        weeks=with_balance(reader.rows("team_weeks", team=name, as_of=reader.publication.as_of)),
        products=reader.run(
            f"from ({PRODUCTS.sql}) order by {PRODUCTS.sort}, {PRODUCTS.tie}",
            **dict.fromkeys(PRODUCTS.filters) | {"team": name},
        ),
    )
