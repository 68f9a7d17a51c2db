"""`GET /organizations/{o}/events/`: numbers of error events by fields of theirs, as far as an extractor asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pipelines.fake_sentry.calls import Call, Refusal, Reply, reply_html, reply_json
from pipelines.fake_sentry.directory_endpoints import chosen_projects
from pipelines.fake_sentry.entities import Events, Issue
from pipelines.fake_sentry.issue_endpoints import asked_window
from pipelines.fake_sentry.issue_state import distinct_users
from pipelines.fake_sentry.paging import asked_cursor, asked_per_page, row_page
from pipelines.fake_sentry.shapes import asked_environments

MAX_FIELDS = 20
_ISSUES = re.compile(r"issue\.id:(?:\[([\d, ]+)\]|(\d+))")


class Stored(NamedTuple):
    """Events and the issue that they belong to."""

    issue: Issue
    events: Events


GROUPS: dict[str, Callable[[Stored], Any]] = {
    "issue.id": lambda row: int(row.issue.id),
    "project": lambda row: row.issue.project.slug,
    "project.id": lambda row: int(row.issue.project.id),
    "release": lambda row: row.events.release or "",
    "environment": lambda row: row.events.environment,
    "timestamp.to_day": lambda row: f"{row.events.at:%Y-%m-%d}T00:00:00+00:00",
}
NUMBERS: dict[str, Callable[[Sequence[Stored]], Any]] = {
    "count()": lambda rows: sum(row.events.amount for row in rows),
    "count_unique(user)": lambda rows: distinct_users(row.events for row in rows),
    "min(timestamp)": lambda rows: _moment(min(row.events.at for row in rows)),
    "max(timestamp)": lambda rows: _moment(max(row.events.at for row in rows)),
}


def events(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/events/`; its cursor is the number of a row."""
    if not call.flavour.has_discover:
        if call.flavour.discover_status == 500:
            raise Refusal(500, "Internal Error")
        return reply_html(status=call.flavour.discover_status)
    fields = call.params.getlist("field")
    if not fields or len(fields) > MAX_FIELDS:
        raise Refusal(400, f"You can view up to {MAX_FIELDS} fields at a time.")
    if unknown := set(fields) - GROUPS.keys() - NUMBERS.keys():
        raise Refusal(400, f"Invalid field: {', '.join(sorted(unknown))}")
    by = [field for field in fields if field in GROUPS]
    found: dict[tuple[Any, ...], list[Stored]] = {}
    for row in _stored(call):
        found.setdefault(tuple(GROUPS[field](row) for field in by), []).append(row)
    if not by:
        found.setdefault((), [])
    rows: list[dict[str, Any]] = [
        dict(zip(by, key, strict=True))
        | {field: NUMBERS[field](group) for field in fields if field in NUMBERS}
        for key, group in found.items()
    ]
    for name in reversed(call.params.getlist("sort")):
        field = name.removeprefix("-")
        if field not in fields:
            raise Refusal(400, f"Cannot sort by a field that is not selected: {field}")
        rows.sort(key=lambda row, field=field: row[field], reverse=name.startswith("-"))  # type: ignore[misc]
    page = row_page(rows, asked_cursor(call), asked_per_page(call))
    meta = {"fields": {field: "string" if field in GROUPS else "integer" for field in fields}}
    return reply_json({"data": page.rows, "meta": meta}, Link=page.link(call))


def _stored(call: Call) -> list[Stored]:
    start, end = asked_window(call)
    text, environments = call.params.get("query", ""), asked_environments(call)
    match = _ISSUES.fullmatch(text)
    if text and not match:
        raise Refusal(400, f"Invalid query: {text}")
    projects = chosen_projects(call)
    if match:
        ids = re.findall(r"\d+", match[1] or match[2])
        known = (call.world.issues.get(issue_id) for issue_id in ids)
        issues = [issue for issue in known if issue and issue.project in projects]
    else:
        issues = [issue for project in projects for issue in project.issues.values()]
    return [
        Stored(issue, stored)
        for issue in issues
        for stored in call.world.stored_events(issue, start, end, environments)
    ]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}+00:00"
