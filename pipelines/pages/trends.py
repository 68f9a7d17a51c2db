"""`/trends/`: the company before and after, for those who decide."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.drawings import sparkline
from pipelines.pages.listing import exported
from pipelines.pages.published import Reader
from pipelines.pages.respond import reads, respond


@reads
def trends(request: Request, reader: Reader) -> Response:
    """Return 30 days against the 30 before, months, SLA and open issues; the months as a file."""
    months = reader.rows("months")
    if form := request.path_params.get("form"):
        return exported(months, form, "months")
    as_of = reader.publication.as_of
    roots = reader.rows("open_by_root", as_of=as_of)
    for row in roots:
        title = f"Open issues of {row['product_name']} at the end of each day, 90 days"
        row["sparkline"] = sparkline(row["open_issues"], title)
    return respond(
        request,
        reader,
        "trends",
        summary=reader.rows("executive"),
        months=months,
        sla=reader.rows("sla"),
        roots=roots,
    )
