"""`/trends/`: the company before and after, for those who decide."""

from __future__ import annotations

from collections import defaultdict

from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.drawings import against_target, diverging, shares, sparkline
from pipelines.pages.listing import exported
from pipelines.pages.products import PRIORITIES
from pipelines.pages.published import Reader, Row
from pipelines.pages.respond import kept, reads, respond


@kept
@reads
def trends(request: Request, reader: Reader) -> Response:
    """Return 30 days against the 30 before, months, SLA and open issues; the months as a file."""
    months = reader.rows("months")
    if form := request.path_params.get("form"):
        return exported(months, form, "months")
    as_of = reader.publication.as_of
    roots = reader.rows("open_by_root", as_of=as_of)
    for row in roots:
        title = f"Open issues of {row['product_name']}, 90 days"
        row["sparkline"] = sparkline(row["open_issues"], title)
        row["most_open"] = max(filter(None, row["open_issues"]), default=0)
    sla = reader.rows("sla")
    return respond(
        request,
        reader,
        "trends",
        summary=reader.rows("executive"),
        balanced=with_balance(months),
        sla=sla,
        priorities=_by_priority(sla),
        roots=roots,
    )


def with_balance(rows: list[Row]) -> list[Row]:
    """Add to rows of new and resolved issues the bar of the two, all to one scale."""
    columns = ("new_issues", "resolved_issues")
    most = max((row[column] or 0 for row in rows for column in columns), default=0)
    for row in rows:
        row["balance"] = diverging(row["new_issues"], row["resolved_issues"], most)
    return rows


def _by_priority(sla: list[Row]) -> list[Row]:
    """Return a row per priority of rows by month, the newest first: its months, and the last against its target."""
    months = sorted({row["month_on"] for row in sla})
    found: dict[str | None, dict[object, Row]] = defaultdict(dict)
    for row in sla:
        found[row["product_priority"]][row["month_on"]] = row
    hours = ("target_hours", "median_hours_to_resolution")
    most = max((row[column] or 0 for row in sla for column in hours), default=0)
    worst_first = sorted(
        found, key=lambda name: PRIORITIES.index(name) if name else len(PRIORITIES)
    )
    return [_priority(name, months, found[name], most) for name in worst_first]


def _priority(
    name: str | None, months: list[object], by_month: dict[object, Row], most: float
) -> Row:
    ratios = [by_month.get(month, {}).get("met_ratio") for month in months]
    last = by_month.get(months[-1], {})
    median, target = (
        last.get("median_hours_to_resolution"),
        next(iter(by_month.values()))["target_hours"],
    )
    words = ", ".join(
        f"{month:%b %Y} {ratio:.0%}"
        for month, ratio in zip(months, ratios, strict=True)
        if ratio is not None
    )
    return {
        "priority": name,
        "target_hours": target,
        "months": shares(ratios, f"SLA met, priority {name or 'none'}: {words}"),
        "met_ratio": ratios[-1],
        "met_ratio_before": ratios[-2] if len(ratios) > 1 else None,
        "median": against_target(median, target, most),
        "median_hours": median,
    }
