"""How Sentry shows an issue: base fields, and numbers that mean something else in each call.

In a list the numbers are of the asked window; read by id (`group=`) they are of all time, but last seen and users come
from Snuba, which forgets; the project list and the detail take all from Postgres.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from pipelines.fake_sentry.calls import Call, Refusal, not_found
from pipelines.fake_sentry.entities import Activity, Issue, Member
from pipelines.fake_sentry.issue_state import distinct_users, short_id

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACTIVITY_LIMIT = 100
_UTC = orjson.OPT_UTC_Z


@dataclass(frozen=True)
class View:
    """What a caller wants to see of each issue, and which store the numbers come from."""

    source: str  # window, batch, postgres
    start: datetime | None = None
    end: datetime | None = None
    period: str = "24h"
    collapse: frozenset[str] = frozenset()
    expand: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()


def asked_view(
    call: Call, source: str, start: datetime | None = None, end: datetime | None = None
) -> View:
    """Return the view that the parameters ask for."""
    name = "statsPeriod" if source == "postgres" else "groupStatsPeriod"
    period = call.params.get(name, "24h")
    if period not in {"", "24h", "14d", "auto"} or (source == "postgres" and period == "auto"):
        raise Refusal(400, "Invalid stats_period. Valid choices are '', '24h', '14d', and 'auto'")
    collapse = frozenset(call.params.getlist("collapse")) if call.flavour.has_event_window else ()
    environments = asked_environments(call)
    return View(source, start, end, period, frozenset(collapse), _asked_expand(call), environments)


def _asked_expand(call: Call) -> frozenset[str]:
    asked = frozenset(call.params.getlist("expand"))
    known = frozenset({"owners"} if call.flavour.has_owners else ())
    if call.flavour.checks_expand and (unknown := sorted(asked - known)):
        raise Refusal(400, f"Invalid expand: {', '.join(unknown)}")
    return asked & known


def asked_environments(call: Call) -> frozenset[str]:
    """Return the environments that are asked for; 404 for one that the organization does not have."""
    asked = frozenset(call.params.getlist("environment"))
    if not asked <= set().union(*(project.environments for project in call.projects())):
        raise not_found()
    return asked


def issue_body(call: Call, issue: Issue, view: View) -> bytes:
    """Return the JSON of one issue in a list."""
    if "base" in view.collapse:
        base = orjson.dumps({"id": issue.id})
    else:
        base = _base_body(call, issue, "unhandled" not in view.collapse)
    if "owners" in view.expand:
        base = base[:-1] + b"," + orjson.dumps({"owners": _owners(issue)}, option=_UTC)[1:]
    if "stats" in view.collapse:
        return base
    numbers = orjson.dumps(numbers_of(call, issue, view), option=_UTC)
    return base[:-1] + b"," + numbers[1:]


def _base_body(call: Call, issue: Issue, with_unhandled: bool) -> bytes:
    key = (
        issue.version,
        issue.project.version,
        call.world.shown_status(issue),
        with_unhandled,
        call.flavour.name,
    )
    known, body = call.memory.bodies.get(issue.id, (None, b""))
    if known != key:
        shown = base_fields(call, issue, with_unhandled)
        body = orjson.dumps(shown, option=_UTC)
        call.memory.bodies[issue.id] = key, body
    return body


def base_fields(call: Call, issue: Issue, with_unhandled: bool = True) -> dict[str, Any]:
    """Return the fields of an issue that are no counts."""
    project, flavour = issue.project, call.flavour
    details = issue.status_details
    if (status := call.world.shown_status(issue)) != issue.status:
        details = {"autoResolved": True} if status == "resolved" else {}
    nested = {"id": project.id, "name": project.name, "slug": project.slug}
    fields: dict[str, Any] = {
        "id": issue.id,
        "shareId": None,
        "shortId": short_id(issue),
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": f"{web_address(project.organization)}/issues/{issue.id}/",
        "logger": issue.logger,
        "level": issue.level,
        "status": status,
        "statusDetails": details,
        "isPublic": False,
        "project": nested | ({"platform": project.platform} if flavour.has_platform else {}),
        "type": issue.event_type,
        "metadata": issue.metadata,
        "numComments": issue.comment_count,
        "assignedTo": _assigned_to(issue),
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": issue.annotations,
    }
    if flavour.has_platform:
        fields["platform"] = issue.platform
    if not flavour.has_current_fields:
        links = [f'<a href="{a["url"]}">{a["displayName"]}</a>' for a in issue.annotations]
        return fields | {"annotations": links}
    fields |= {
        "substatus": issue.substatus,
        "priority": issue.priority,
        "priorityLockedAt": issue.priority_locked_at,
        "issueType": issue.issue_type,
        "issueCategory": issue.category,
        "seerFixabilityScore": None,
        "seerAutofixLastTriggered": None,
    }
    return fields | ({"isUnhandled": issue.is_unhandled} if with_unhandled else {})


def numbers_of(call: Call, issue: Issue, view: View) -> dict[str, Any]:
    """Return counts, times and sparkline, from the store and for the window that the call uses."""
    stored = call.world.stored_events(issue)
    stored_users = users = distinct_users(stored)
    stored_last = last = _whole_second(stored[-1].at) if stored else None
    count, first = issue.times_seen, issue.first_seen
    first_there = first
    if view.environments:
        # By id the count stays that of all environments.
        there = call.world.stored_events(issue, environments=view.environments)
        users, first_there = distinct_users(there), there[0].at if there else first
        last = _whole_second(there[-1].at) if there else None
    if view.source == "batch":
        first = first_there
    if view.source == "window":
        seen = call.world.stored_events(issue, view.start, view.end, view.environments)
        users = stored_users if len(seen) == len(stored) else distinct_users(seen)
        count, first = sum(e.amount for e in seen), _whole_second(seen[0].at)
        last = _whole_second(seen[-1].at)
    elif view.source == "postgres":
        last = issue.last_seen
    numbers: dict[str, Any] = {
        "count": str(count),
        "userCount": users,
        "firstSeen": moment(call, first),
        "lastSeen": moment(call, last),
    }
    if view.period:
        numbers["stats"] = {view.period: sparkline(call, issue, view.period, view.start, view.end)}
    if view.source == "postgres" or not call.flavour.has_current_fields:
        return numbers
    if "lifetime" not in view.collapse:
        numbers["lifetime"] = {
            "count": str(issue.times_seen),
            "userCount": stored_users,
            "firstSeen": first_there,
            "lastSeen": stored_last,
            "stats": None,
        }
    if "filtered" not in view.collapse:
        numbers["filtered"] = None
    return numbers


def sparkline(
    call: Call,
    issue: Issue,
    period: str,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[list[int]]:
    """Return [epoch second, events] per hour (24h) or UTC day (14d, 30d, auto), up to now."""
    oldest, size, epochs = _buckets(call.world.clock, period, start, end)
    counts = [0] * len(epochs)
    for events in call.world.stored_events(issue, oldest, oldest + size * len(epochs)):
        counts[(events.at - oldest) // size] += events.amount
    return [[epoch, amount] for epoch, amount in zip(epochs, counts, strict=True)]


@lru_cache
def _buckets(
    clock: datetime, period: str, start: datetime | None, end: datetime | None
) -> tuple[datetime, timedelta, list[int]]:
    """Return the start of the first bucket, the size of each, and all starts as epoch seconds."""
    size = HOUR if period == "24h" else DAY
    newest = _floor(clock, size)
    length = {"24h": 24, "14d": 14, "30d": 30}.get(period)
    if length is None:
        newest = _floor(end or clock, size)
        length = (newest - _floor(start or newest - 89 * size, size)) // size + 1
    oldest = newest - (length - 1) * size
    return oldest, size, [int((oldest + n * size).timestamp()) for n in range(length)]


def issue_detail(call: Call, issue: Issue) -> dict[str, Any]:
    """Return the detail of an issue, with its activity list."""
    shown = base_fields(call, issue) | numbers_of(call, issue, View("postgres", period=""))
    collapse = set(call.params.getlist("collapse"))
    shown |= {
        "activity": activity_list(call, issue),
        "seenBy": [],
        "participants": [],
        "userReportCount": 0,
    }
    if "release" not in collapse and call.flavour.has_release_in_detail:
        shown["firstRelease"] = release_of(issue.first_release, issue.first_seen)
        shown["lastRelease"] = release_of(issue.last_release, issue.last_seen)
    if "tags" not in collapse:
        shown["tags"] = [{"key": "level", "name": "Level", "totalValues": issue.times_seen}]
    if "stats" not in collapse:
        shown["stats"] = {period: sparkline(call, issue, period) for period in ("24h", "30d")}
    return shown


def activity_list(call: Call, issue: Issue) -> list[dict[str, Any]]:
    """Return the newest 100 entries, repetitions collapsed; first_seen is made up and goes last."""
    shown: list[dict[str, Any]] = []
    previous: Activity | None = None
    for activity in reversed(issue.activities[-ACTIVITY_LIMIT:]):
        if previous is None or activity.type == "note" or _differ(activity, previous):
            shown.append(
                {
                    "id": activity.id,
                    "type": activity.type,
                    "dateCreated": moment(call, activity.at),
                    "user": _user(activity.actor),
                    "data": activity.data,
                }
            )
        previous = activity
    shown.append(
        {
            "id": "0",
            "type": "first_seen",
            "dateCreated": moment(call, issue.first_seen),
            "user": None,
            "data": {"priority": issue.priority} if call.flavour.has_current_fields else {},
        }
    )
    return shown[:ACTIVITY_LIMIT]


def web_address(organization: str) -> str:
    """Return where people would read of it: the same whatever port the API is on."""
    return f"https://{organization}.sentry.example"


def moment(call: Call, at: datetime | None) -> datetime | str | None:
    """Return `at` as this kind of Sentry writes it: old ones with three digits of a second."""
    if at is None or not call.flavour.has_milliseconds:
        return at
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _differ(one: Activity, other: Activity) -> bool:
    return (one.type, one.actor, one.data.get("version")) != (
        other.type,
        other.actor,
        other.data.get("version"),
    )


def _assigned_to(issue: Issue) -> dict[str, Any] | None:
    assignee = issue.assignee
    if assignee is None:
        return None
    shown: dict[str, Any] = {"type": assignee.kind, "id": assignee.id, "name": assignee.name}
    return shown | ({"email": assignee.email} if assignee.kind == "user" else {})


def _owners(issue: Issue) -> list[dict[str, Any]] | None:
    owners = [
        {"type": "ownershipRule", "owner": owner, "date_added": issue.last_seen}
        for owner in issue.owners
    ]
    return owners or None


def _user(member: Member | None) -> dict[str, Any] | None:
    if member is None:
        return None
    return {
        "id": member.user_id,
        "name": member.name,
        "username": member.email,
        "email": member.email,
        "isActive": True,
    }


def release_of(version: str | None, at: datetime) -> dict[str, Any] | None:
    """Return a release as an issue names it."""
    if version is None:
        return None
    return {"version": version, "shortVersion": version.split("@")[-1], "dateCreated": at}


def _whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) if at.microsecond else at


def _floor(at: datetime, size: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (at - epoch) // size * size
