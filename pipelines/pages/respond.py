"""From a page's facts to an answer: the template with what stands on every page, or why there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from pipelines.pages import shown
from pipelines.pages.asked import AskedError
from pipelines.pages.published import LONGEST_WAIT, Publication, PublishedFile, Reader, TooLongError
from pipelines.publish import PublishError

# After two runs that did not come, the numbers are called old.
OLD_AFTER_HOURS = 6.5

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
for _name in (
    "number",
    "share",
    "times",
    "growth",
    "hours",
    "moment",
    "day",
    "month",
):
    _environment.filters[_name] = getattr(shown, _name)
_environment.globals["address"] = shown.address
templates = Jinja2Templates(env=_environment)

Page = Callable[[Request, Reader], Response]
Handler = Callable[[Request], Response]


class NotThereError(Exception):
    """The product, team or list that the address names does not exist in what is published."""


def reads(page: Page) -> Handler:
    """Give the page a reader of what is published; what it cannot show becomes a page that says why."""

    @wraps(page)
    def handler(request: Request) -> Response:
        file: PublishedFile = request.app.state.file
        try:
            with file.reading() as reader:
                return page(request, reader)
        except NotThereError as error:
            return refusal(request, 404, "Not found", str(error))
        except AskedError as error:
            return refusal(request, 400, "This address asks for something unknown", str(error))
        except TooLongError as error:
            return refusal(request, 503, "Too much at once", f"{error} Narrow it by a filter.")
        except PublishError as error:
            return refusal(request, 503, "Nothing to show yet", str(error))

    return handler


def kept(handler: Handler) -> Handler:
    """Answer an address once for each publication: for pages that show what is published, and nothing else."""

    @wraps(handler)
    def kept_handler(request: Request) -> Response:
        file: PublishedFile = request.app.state.file
        try:
            publication = file.attached()
        except (PublishError, duckdb.Error):
            return handler(request)
        age = hours_old(request, publication)
        key = (request.url.path, request.url.query, int(age) if age > OLD_AFTER_HOURS else None)
        return publication.answers.get(key, request, lambda: handler(request), LONGEST_WAIT)

    return kept_handler


def hours_old(request: Request, publication: Publication) -> float:
    """Return how old what is published is, by the clock of these pages; a sample, which has its own, is never old."""
    if _is_sample(request):
        return 0.0
    age: timedelta = request.app.state.now() - publication.as_of
    return age / timedelta(hours=1)


def _is_sample(request: Request) -> bool:
    file: Path = request.app.state.sample_runs
    return file.exists()


def respond(request: Request, reader: Reader, name: str, **facts: Any) -> Response:
    """Return the page `name` with its facts, and with how fresh they are."""
    publication = reader.publication
    facts |= {
        "as_of": publication.as_of,
        "published_at": publication.published_at,
        "freshness": _freshness(reader, hours_old(request, publication)),
        "is_sample": _is_sample(request),
        "server": request.app.state.server,
        "can_edit": request.app.state.editor.is_on,
    }
    page: Response = templates.TemplateResponse(request, f"{name}.html", facts)
    return page


def refusal(request: Request, status: int, title: str, message: str) -> Response:
    """Return a page that says why there is nothing else to see."""
    facts = {"title": title, "message": message}
    page: Response = templates.TemplateResponse(request, "refusal.html", facts, status_code=status)
    return page


def _freshness(reader: Reader, age: float) -> dict[str, Any]:
    """Return how old what is shown is, and which organizations are older than the rest."""
    behind = reader.run(
        "select organization_slug, synced_at, failure from marts.organization_freshness "
        "where status = 'failed' order by 1"
    )
    return {"is_old": age > OLD_AFTER_HOURS, "hours_old": age, "behind": behind}
