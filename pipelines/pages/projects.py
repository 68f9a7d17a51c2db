"""`/projects/` and `/unassigned/`: Sentry's projects, and those that no product counts yet."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.catalog_editor import CatalogEditor
from pipelines.pages.listing import Column, Link, Listing
from pipelines.pages.published import Reader
from pipelines.pages.respond import kept, reads, respond
from pipelines.pages.shown import address

PROJECTS = Listing(
    query="projects",
    table="dim_projects",
    columns=(
        Column("project_slug", "Project"),
        Column("organization_slug", "Organization"),
        Column("platform", "Platform"),
        Column(
            "product_name",
            "Product",
            "text",
            lambda row: address(f"/products/{row['product_id']}") if row["product_id"] else None,
        ),
        Column("mapped_by", "Mapped by"),
        Column(
            "total_issues",
            "Issues",
            "number",
            lambda row: address("/issues/", project=row["project_slug"]),
        ),
        Column(
            "unresolved_issues",
            "Open",
            "number",
            lambda row: address("/issues/", project=row["project_slug"], status="unresolved"),
        ),
        Column("last_seen_at", "Last event", "moment"),
    ),
    sort="-unresolved_issues",
    tie="organization_slug, project_slug",
    filters={"product": None, "assigned": ("yes", "no")},
)

UNASSIGNED = Listing(
    query="unassigned",
    table="unassigned_projects",
    columns=(
        Column("project_slug", "Project"),
        Column("organization_slug", "Organization"),
        Column(
            "unresolved_issues",
            "Open",
            "number",
            lambda row: address("/issues/", project=row["project_slug"], status="unresolved"),
        ),
        Column("events_7d", "Events 7d", "number"),
        Column("suggested_product_name", "Suggested product"),
        Column("suggestion_reason", "Why"),
    ),
    sort="-events_7d",
    tie="organization_slug, project_slug",
)


def _to_catalog(product: str) -> Link:
    """Return a link to the form that gives the row's project a product, at first that of column `product`."""
    return lambda row: address(
        "/catalog/project_products/row",
        organization=row["organization_slug"],
        project=row["project_slug"],
        product_id=row[product],
    )


EDIT = Column("project_slug", "Edit", "action", _to_catalog("product_id"), is_sorted=False)
ASSIGN = Column(
    "project_slug", "Assign", "action", _to_catalog("suggested_product_id"), is_sorted=False
)


@kept
@reads
def projects(request: Request, reader: Reader) -> Response:
    """Return the projects, or the list as a file."""
    wanted = PROJECTS.asked(request)
    if form := request.path_params.get("form"):
        return PROJECTS.export(reader, wanted, form)
    return respond(
        request, reader, "projects", page=_listing(request, PROJECTS, EDIT).page(reader, wanted)
    )


@kept
@reads
def unassigned(request: Request, reader: Reader) -> Response:
    """Return the projects without a product, each with the product that is suggested."""
    wanted = UNASSIGNED.asked(request)
    if form := request.path_params.get("form"):
        return UNASSIGNED.export(reader, wanted, form)
    return respond(
        request,
        reader,
        "unassigned",
        page=_listing(request, UNASSIGNED, ASSIGN).page(reader, wanted),
    )


def _listing(request: Request, listing: Listing, action: Column) -> Listing:
    editor: CatalogEditor = request.app.state.editor
    return listing.with_column(action) if editor.is_on else listing
