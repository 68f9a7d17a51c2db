"""`/search/`: products, projects, teams and issues by a part of their name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import reads, respond
from pipelines.pages.shown import address

LONGEST = 200  # characters


@reads
def search(request: Request, reader: Reader) -> Response:
    """Return at most twenty of each kind."""
    words = request.query_params.get("q", "").strip()[:LONGEST]
    found = reader.rows("search", q=words) if words else []
    for row in found:
        row["href"] = _address(row)
    return respond(request, reader, "search", words=words, found=found)


def _address(row: Row) -> str:
    kind, name = row["kind"], row["id"]
    if kind == "product":
        return address(f"/products/{name}")
    if kind == "team":
        return address(f"/teams/{name}")
    if kind == "project":
        return address("/issues/", project=name)
    return address("/issues/", q=name)
