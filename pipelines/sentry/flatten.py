"""Sentry's JSON, made into rows of the raw tables.

One canonical column per meaning: a listing's top-level counts are those of its window, so totals are taken from
`lifetime` when it is there. Seconds are whole, because Sentry's two stores tell the same moment with different
precision. Enumerations and unknown fields are kept as they come; a field of another type is an error that names it.
What belongs to the caller and not to the issue (hasSeen, isBookmarked, ...) is not stored.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson

from pipelines.sentry.errors import ChangedTypeError

Row = dict[str, Any]

_READ = frozenset(
    [
        "id",
        "shortId",
        "title",
        "culprit",
        "level",
        "status",
        "substatus",
        "priority",
        "issueCategory",
        "issueType",
        "type",
        "platform",
        "logger",
        "isUnhandled",
        "assignedTo",
        "count",
        "userCount",
        "firstSeen",
        "lastSeen",
        "numComments",
        "permalink",
        "statusDetails",
        "metadata",
        "annotations",
        "project",
        "stats",
        "lifetime",
    ]
)
# Of the caller, of one page or of an expansion: not facts about the issue that a later listing would repeat.
_LEFT_OUT = frozenset(
    [
        "hasSeen",
        "isBookmarked",
        "isSubscribed",
        "subscriptionDetails",
        "isPublic",
        "shareId",
        "filtered",
        "inbox",
        "owners",
        "activity",
        "seenBy",
        "participants",
        "pluginActions",
        "pluginContexts",
        "pluginIssues",
        "userReportCount",
        "firstRelease",
        "lastRelease",
        "tags",
        "matchingEventId",
        "matchingEventEnvironment",
        "priorityLockedAt",
        "integrationIssues",
        "sentryAppIssues",
        "sessionCount",
        "latestEventHasAttachments",
        "derivedData",
        "seerFixabilityScore",
        "seerAutofixLastTriggered",
        "seerExplorerAutofixLastTriggered",
        "openPeriods",
    ]
)


class Fields:
    """Typed reading of one JSON object; every wrong type raises ChangedTypeError naming table and field."""

    def __init__(self, table: str, source: Any) -> None:
        self.table = table
        if not isinstance(source, dict):
            raise ChangedTypeError(f"{table}: expected an object, got {source!r:.80}.")
        self.source: dict[str, Any] = source

    def _wrong(self, name: str, expected: str) -> ChangedTypeError:
        return ChangedTypeError(
            f"{self.table}.{name}: expected {expected}, got {self.source.get(name)!r:.80}. "
            "Sentry's API seems to have changed; nothing of this table was stored."
        )

    def text(self, name: str) -> str | None:
        """Return the text, None for null, absent or empty."""
        value = self.source.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return value

    def key(self, name: str) -> str:
        """Return an id as text; GlitchTip sends some as numbers."""
        value = self.source.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            raise self._wrong(name, "an id")
        return str(value)

    def whole(self, name: str) -> int | None:
        """Return a whole number; Sentry sends some as text."""
        value = self.source.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
            raise self._wrong(name, "a whole number")
        return int(value)

    def flag(self, name: str) -> bool | None:
        """Return true, false, or None for null or absent."""
        value = self.source.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def moment(self, name: str) -> datetime | None:
        """Return an ISO 8601 time as naive UTC in whole seconds."""
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._wrong(name, "an ISO 8601 time") from None
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
        return moment.replace(tzinfo=None, microsecond=0)

    def part(self, name: str) -> Fields | None:
        """Return a nested object, None for null or absent."""
        value = self.source.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Fields(f"{self.table}.{name}", value)

    def parts(self, name: str) -> list[Fields]:
        """Return a list of nested objects, empty for null or absent."""
        value = self.source.get(name) or []
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return [Fields(f"{self.table}.{name}", item) for item in value]

    def json(self, name: str) -> str | None:
        """Return a free-form part as JSON text with sorted keys; None when null, absent or empty."""
        return as_json(self.source.get(name))


def as_json(value: Any) -> str | None:
    """Return JSON text with sorted keys, None for anything empty."""
    if value is None or value in ({}, [], ""):
        return None
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def organization(body: Row) -> Row:
    """Return a row of `organizations`, without observed_at."""
    fields = Fields("organizations", body)
    links = fields.part("links")
    return {
        "organization_slug": fields.key("slug"),
        "organization_id": fields.key("id"),
        "organization_name": fields.text("name"),
        "region_url": links.text("regionUrl") if links else None,
        "created_at": fields.moment("dateCreated"),
    }


def project(body: Row, organization_slug: str) -> Row:
    """Return a row of `projects`, without observed_at."""
    fields = Fields("projects", body)
    return {
        "project_id": fields.key("id"),
        "organization_slug": organization_slug,
        "project_slug": fields.key("slug"),
        "project_name": fields.text("name"),
        "platform": fields.text("platform"),
        "created_at": fields.moment("dateCreated"),
        "has_access": fields.flag("hasAccess") is not False,
        "deleted_at": None,
    }


def project_team_ids(body: Row) -> list[str]:
    """Return the ids of the teams that a project belongs to."""
    return [team.key("id") for team in Fields("projects", body).parts("teams")]


def team(body: Row, organization_slug: str) -> Row:
    """Return a row of `teams`, without observed_at."""
    fields = Fields("teams", body)
    return {
        "team_id": fields.key("id"),
        "organization_slug": organization_slug,
        "team_slug": fields.key("slug"),
        "team_name": fields.text("name") or fields.key("slug"),
        "member_count": fields.whole("memberCount"),
        "created_at": fields.moment("dateCreated"),
        "deleted_at": None,
    }


def issue(body: Row, organization_slug: str, *, counts_users: bool = True) -> Row:
    """Return a row of `issues` without observed_at and what only we know (removal, activities read).

    `counts_users` is False for servers that always answer 0: null is honest there.
    """
    fields = Fields("issues", body)
    project_fields = fields.part("project")
    if project_fields is None:
        raise ChangedTypeError("issues.project: expected an object, got nothing.")
    lifetime = fields.part("lifetime") or fields
    assignee = fields.part("assignedTo")
    permalink = fields.text("permalink")
    last_seen_at = lifetime.moment("lastSeen")
    return {
        "issue_id": fields.key("id"),
        "organization_slug": organization_slug,
        "project_id": project_fields.key("id"),
        "short_id": fields.text("shortId"),
        "title": fields.text("title"),
        "culprit": fields.text("culprit"),
        "level": fields.text("level"),
        "status": fields.text("status"),
        "substatus": fields.text("substatus"),
        "issue_priority": fields.text("priority"),
        "issue_category": fields.text("issueCategory"),
        "issue_type": fields.text("issueType"),
        "event_type": fields.text("type"),
        "platform": fields.text("platform"),
        "logger": fields.text("logger"),
        "is_unhandled": fields.flag("isUnhandled"),
        "assignee_type": assignee.text("type") if assignee else None,
        "assignee_id": assignee.key("id") if assignee else None,
        "assignee_name": assignee.text("name") if assignee else None,
        "assignee_email": assignee.text("email") if assignee else None,
        "event_count": lifetime.whole("count"),
        # Without a last event in its store, Sentry's 0 users means "no longer known".
        "user_count": lifetime.whole("userCount") if counts_users and last_seen_at else None,
        "first_seen_at": lifetime.moment("firstSeen"),
        "last_seen_at": last_seen_at,
        "comment_count": fields.whole("numComments"),
        "permalink": None if permalink == "Not implemented" else permalink,
        "status_details": fields.json("statusDetails"),
        "metadata": fields.json("metadata"),
        "annotations": fields.json("annotations"),
        "other_fields": as_json(
            {k: v for k, v in fields.source.items() if k not in _READ and k not in _LEFT_OUT}
        ),
        "removed_reason": None,
        "removed_at": None,
        "merged_into_issue_id": None,
    }


def issue_daily_events(body: Row) -> list[tuple[date, int]]:
    """Return (UTC day, events) from the 14-day sparkline that a listing carries; empty when it has none."""
    stats = Fields("issues", body).part("stats")
    points = stats.source.get("14d") if stats else None
    if not points:
        return []
    try:
        return [
            (datetime.fromtimestamp(int(second), UTC).date(), int(count))
            for second, count in points
        ]
    except (TypeError, ValueError):
        raise ChangedTypeError(
            f"issues.stats: expected [epoch, count] pairs, got {points!r:.80}."
        ) from None


def activity(body: Row, issue_id: str, organization_slug: str) -> Row:
    """Return a row of `issue_activities`."""
    fields = Fields("issue_activities", body)
    user = fields.part("user")
    return {
        "issue_id": issue_id,
        "activity_id": fields.key("id"),
        "activity_type": fields.key("type"),
        "organization_slug": organization_slug,
        "occurred_at": fields.moment("dateCreated"),
        "actor": (user.text("name") or user.text("email")) if user else None,
        "data": fields.json("data"),
    }


def event(body: Row, issue_id: str, project_id: str, organization_slug: str) -> Row:
    """Return a row of `issue_events`: what a person reads in a stack trace, nothing of the affected user."""
    fields = Fields("issue_events", body)
    return {
        "event_id": fields.key("eventID" if "eventID" in body else "id"),
        "issue_id": issue_id,
        "organization_slug": organization_slug,
        "project_id": project_id,
        "title": fields.text("title"),
        "message": fields.text("message"),
        "platform": fields.text("platform"),
        "occurred_at": fields.moment("dateCreated"),
        "tags": fields.json("tags"),
        "entries": fields.json("entries"),
    }
