"""How many issues a rule of issue_rules.csv matches, while it is written."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pipelines.catalog import values
from pipelines.catalog.editing import Cells
from pipelines.catalog.values import ISSUE_FIELDS
from pipelines.pages.published import Reader
from pipelines.pages.respond import reads, templates

# What a file of an earlier version lacks, by the field that a rule names.
LATER = {
    "filename": "filename",
    "function": "function_name",
    "type": "error_type",
    "logger": "logger",
    "owner": "owners",
}


@reads
def matches(request: Request, reader: Reader) -> Response:
    """Return the line that says how many issues the entries of the address match."""
    given = request.query_params
    cells = {
        name: given.get(f"cell.{name}", "")
        for name in ("organization", "project", "field", "pattern")
    }
    page: Response = templates.TemplateResponse(
        request, "_rule_matches.html", {"matched": matched(reader, cells)}
    )
    return page


def matched(reader: Reader, cells: Cells) -> dict[str, Any]:
    """Return issues, unresolved_issues and events_7d of what the rule matches by itself.

    `is_known` is False where too little is entered, `is_counted` where what it looks at is not published yet.
    """
    project, field = values.pattern(cells.get("project", "")), values.lower(cells.get("field", ""))
    pattern = values.text_pattern(cells.get("pattern", "")).lower()
    is_known = bool(project and pattern and field in ISSUE_FIELDS)
    is_published = field not in LATER or reader.has("fct_issues", LATER[field])
    if not is_known or not is_published:
        return {"is_known": is_known, "is_counted": False, "field": field}
    found = reader.row(
        "rule_matches",
        organization=values.lower(cells.get("organization", "")) or None,
        project=values.like_pattern(project),
        field=field,
        pattern=values.like_pattern(pattern),
    )
    return {"is_known": True, "is_counted": True, "field": field, **(found or {})}
