"""The endpoints about issues: lists, batches by id, details, activities and events."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import datetime, timedelta
from hashlib import md5
from itertools import accumulate
from typing import Any

from pipelines.fake_sentry.calls import (
    Call,
    Refusal,
    Reply,
    forbidden,
    not_found,
    reply_html,
    reply_json,
)
from pipelines.fake_sentry.directory_endpoints import chosen_projects, named_project, paged
from pipelines.fake_sentry.entities import Events, Issue, Project
from pipelines.fake_sentry.issue_state import RETENTION, short_id
from pipelines.fake_sentry.paging import (
    asked_cursor,
    asked_limit,
    asked_per_page,
    row_page,
    score_page,
)
from pipelines.fake_sentry.search import UNSEARCHABLE, Found, find
from pipelines.fake_sentry.shapes import (
    View,
    activity_list,
    asked_view,
    issue_body,
    issue_detail,
    moment,
    release_of,
)

MAX_HITS = 1000
DEFAULT_QUERY = "is:unresolved"
FUTURE = timedelta(minutes=1)  # clients' clocks may be ahead by so much
PERIOD = re.compile(r"(\d+)([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def organization_issues(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/issues/`: a search over events, or a batch of ids."""
    projects = chosen_projects(call)
    ids = call.params.getlist("group") if call.flavour.has_group_batches else []
    if ids:
        return _batch(call, ids, projects)
    start, end = asked_window(call)
    windowed = call.flavour.has_event_window
    view = asked_view(call, "window" if windowed else "postgres", start, end)
    if not projects or (end and end <= call.world.clock - RETENTION):
        return reply_json([])
    return _list(call, projects, view)


def project_issues(call: Call) -> Reply:
    """Answer `GET /projects/{o}/{p}/issues/`: no window, and all-time numbers."""
    return _list(call, [named_project(call)], asked_view(call, "postgres"))


def detail(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/issues/{id}/`; a merged id is answered by its survivor."""
    if not call.flavour.has_organization_detail:
        return reply_html(status=404)
    return reply_json(issue_detail(call, named_issue(call)))


def plain_detail(call: Call) -> Reply:
    """Answer `GET /issues/{id}/`."""
    return reply_json(issue_detail(call, named_issue(call)))


def activities(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/issues/{id}/activities/`."""
    if not call.flavour.has_activities:
        return reply_html(status=404)
    return reply_json({"activity": activity_list(call, named_issue(call))})


def first_last_release(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/issues/{id}/first-last-release/`."""
    if not call.flavour.has_first_last_release:
        return reply_html(status=404)
    issue = named_issue(call)
    named = [event for event in issue.events if event.release]
    first = issue.first_release or (named[0].release if named else None)
    last = named[-1].release if named else None
    return reply_json(
        {
            "id": issue.id,
            "firstRelease": release_of(first, issue.first_seen),
            "lastRelease": release_of(last, issue.last_seen),
        }
    )


def events(call: Call) -> Reply:
    """Answer `GET …/issues/{id}/events/`, newest first."""
    issue = named_issue(call)
    start, end = asked_window(call)
    stored = call.world.stored_events(issue, start, end)[::-1]
    ends = list(accumulate(batch.amount for batch in stored))
    page = row_page(range(ends[-1] if ends else 0), asked_cursor(call), asked_per_page(call))
    full = call.params.get("full", "0") not in {"0", "false"}
    return paged(call, page, [_event(call, issue, *_nth(stored, ends, n), full) for n in page.rows])


def event(call: Call) -> Reply:
    """Answer `GET …/issues/{id}/events/{latest or oldest}/`."""
    issue = named_issue(call)
    stored = call.world.stored_events(issue)
    if not stored or call.parts["event"] not in {"latest", "oldest", "recommended"}:
        raise not_found()
    batch = stored[0 if call.parts["event"] == "oldest" else -1]
    return reply_json(_event(call, issue, batch, 0, full=True))


def named_issue(call: Call) -> Issue:
    """Return the issue that the path names, by id, redirected id, or short id."""
    name = call.parts["issue"]
    issue = call.world.survivor(name)
    if not name.isdigit():
        everywhere = (i for p in call.world.projects.values() for i in p.issues.values())
        issue = next((i for i in everywhere if short_id(i) == name), None)
    if issue is None or issue.status in UNSEARCHABLE:
        raise not_found()
    if "organization" in call.parts and issue.project.organization != call.organization().slug:
        raise not_found()
    if not issue.project.has_access:
        raise forbidden()
    return issue


def asked_window(call: Call) -> tuple[datetime | None, datetime | None]:
    """Return the event window [start, end) that is asked for; by default the last 90 days."""
    period, clock = call.params.get("statsPeriod"), call.world.clock
    if period is not None:
        match = PERIOD.fullmatch(period)
        if not match:
            raise Refusal(400, f"Invalid statsPeriod: '{period}'")
        since = clock - timedelta(**{UNITS[match[2]]: int(match[1])})
        return (since, clock) if call.flavour.has_event_window else (None, None)
    if not call.flavour.has_event_window:
        return None, None
    start, end = call.moment("start"), call.moment("end")
    if (start is None) != (end is None):
        raise Refusal(400, "start and end are both required")
    if start and end and start > end:
        raise Refusal(400, "start must be before end")
    return start, end or clock + FUTURE


def _list(call: Call, projects: list[Project], view: View) -> Reply:
    text = call.params.get("query", DEFAULT_QUERY).strip()
    sort = call.params.get("sort", "date")
    if sort not in call.flavour.sorts or (sort == "inbox" and "is:for_review" not in text):
        raise Refusal(call.flavour.bad_sort_status, f"Invalid sort: {sort}")
    if call.params.get("shortIdLookup") == "1":
        hit = next((i for p in projects for i in p.issues.values() if short_id(i) == text), None)
        if hit:
            shown = b"[" + issue_body(call, hit, View("batch", period="")) + b"]"
            return Reply(shown, headers={"X-Sentry-Direct-Hit": "1"})
    cursor, limit = asked_cursor(call), asked_limit(call)
    query, found = find(
        call,
        projects,
        text,
        start=view.start,
        end=view.end,
        environments=view.environments,
        sort=sort,
    )
    if reach := call.search_limit:
        # Beyond so many candidates Sentry runs out of time, and says that there are no more.
        found = Found(found.issues[:reach], found.descending[:reach])
    page = score_page(found.issues, found.descending, cursor, limit)
    rows = page.rows
    if query.wants_unresolved:
        # As Sentry does, after the page has been cut: such a page is short and not the last.
        rows = [issue for issue in rows if call.world.shown_status(issue) == "unresolved"]
    hits = str(min(len(found.issues), MAX_HITS))
    headers = {"Link": page.link(call), "X-Hits": hits, "X-Max-Hits": str(MAX_HITS)}
    return Reply(_bodies(call, rows, view), headers=headers)


def _batch(call: Call, ids: list[str], projects: list[Project]) -> Reply:
    try:
        wanted = {str(int(text)) for text in ids}
    except ValueError:
        raise Refusal(400, "Group ids must be integers") from None
    view = asked_view(call, "batch")
    readable = {project.id for project in projects}
    found = [call.world.issues[i] for i in sorted(wanted) if i in call.world.issues]
    return Reply(_bodies(call, [i for i in found if i.project.id in readable], view))


def _bodies(call: Call, issues: Any, view: View) -> bytes:
    return b"[" + b",".join(issue_body(call, issue, view) for issue in issues) + b"]"


def _nth(stored: list[Events], ends: list[int], n: int) -> tuple[Events, int]:
    index = bisect_right(ends, n)
    return stored[index], ends[index] - 1 - n


def _event(call: Call, issue: Issue, batch: Events, n: int, full: bool) -> dict[str, Any]:
    event_id = md5(f"{batch.number}/{n}".encode(), usedforsecurity=False).hexdigest()
    user = batch.users[n % len(batch.users)] if batch.users else None
    tags = [{"key": "environment", "value": batch.environment}]
    tags.append({"key": "level", "value": issue.level})
    shown: dict[str, Any] = {
        "id": event_id,
        "eventID": event_id,
        "groupID": issue.id,
        "projectID": issue.project.id,
        "event.type": issue.event_type,
        "title": issue.title,
        "message": issue.metadata.get("value", ""),
        "culprit": issue.culprit,
        "location": None,
        "platform": issue.platform,
        "dateCreated": moment(call, batch.at.replace(microsecond=0)),
        "user": None if user is None else {"id": str(user), "email": None, "name": None},
        "tags": tags + ([{"key": "release", "value": batch.release}] if batch.release else []),
        "crashFile": None,
        "metadata": issue.metadata,
    }
    if full:
        frame = {"function": (issue.culprit or "?").split(" in ")[-1], "lineNo": 42, "inApp": True}
        error = {"type": issue.metadata.get("type"), "value": issue.metadata.get("value")}
        values = [error | {"stacktrace": {"frames": [frame]}}]
        shown["entries"] = [{"type": "exception", "data": {"values": values}}]
    return shown
