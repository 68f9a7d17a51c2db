"""The addresses of the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from pipelines.pages.answers import COMPRESSION
from pipelines.pages.catalog import overview, row, rows
from pipelines.pages.catalog_edit import edit
from pipelines.pages.catalog_editor import CatalogEditor
from pipelines.pages.catalog_rules import matches
from pipelines.pages.issues import issues
from pipelines.pages.product import days, product
from pipelines.pages.products import products
from pipelines.pages.projects import projects, unassigned
from pipelines.pages.published import PublishedFile, Reader
from pipelines.pages.respond import Handler, reads, refusal
from pipelines.pages.safety import Safety
from pipelines.pages.search import search
from pipelines.pages.syncs import syncs
from pipelines.pages.teams import team, teams
from pipelines.pages.trends import trends
from pipelines.settings import Settings

LISTS = {
    "/products": products,
    "/issues": issues,
    "/teams": teams,
    "/projects": projects,
    "/unassigned": unassigned,
    "/trends": trends,
    "/sync": syncs,
    "/products/{product_id}/days": days,
}


def create_app(
    settings: Settings,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
) -> Starlette:
    """Return the application over the published file and the CSVs of these settings; it needs no secret.

    `now`: the time (naive UTC) by which what is published is called old. SettingsError where these settings do
    not go together.
    """
    routes: list[BaseRoute] = [Route("/", home), Route("/healthz", health)]
    for path, page in LISTS.items():
        routes.append(Route(f"{path}/", page))
        routes += [Route(f"{path}.{form}", _as_file(page, form)) for form in ("csv", "json")]
    routes += [
        Route("/products/{product_id}", product),
        Route("/teams/{owner_team}", team),
        Route("/search/", search),
        Route("/catalog/", overview),
        Route("/catalog/issue_rules/matches", matches),
        Route("/catalog/{table}/", rows),
        Route("/catalog/{table}/row", row),
        Route("/catalog/{table}/row", edit, methods=["POST"]),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Safety, hosts=settings.ui_names),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=COMPRESSION),
        ],
        exception_handlers={404: _missing, 500: _broken},
    )
    app.state.file = PublishedFile(settings.published)
    app.state.server = settings.server_url
    app.state.editor = CatalogEditor(settings)
    app.state.notify_state = settings.notify_state
    app.state.sample_runs = settings.sample_runs
    app.state.now = now
    return app


def home(request: Request) -> Response:
    """Lead to the products."""
    return RedirectResponse("/products/")


@reads
def health(request: Request, reader: Reader) -> Response:
    """Say to a supervisor that the pages can be read, and of when they are."""
    return PlainTextResponse(f"ok, as of {reader.publication.as_of.isoformat()}Z\n")


def _as_file(page: Handler, form: str) -> Handler:
    def file(request: Request) -> Response:
        request.path_params["form"] = form
        return page(request)

    return file


def _missing(request: Request, error: Exception) -> Response:
    return refusal(request, 404, "Not found", "There is no page under this address.")


def _broken(request: Request, error: Exception) -> Response:
    return refusal(request, 500, "Something went wrong here", "The log of the pages says what.")
