"""Sentry's JSON, made into rows of the raw tables.

One canonical column per meaning: a listing's top-level counts are those of its window, so totals are taken from
`lifetime` when it is there. Seconds are whole, because Sentry's two stores hold the same moment with different
precision. Enumerations and unknown fields are kept as they come; a field of another type is an error that names it.
What belongs to the caller and not to the issue (hasSeen, isBookmarked, ...) is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from pipelines.sentry.bounds import is_possible
from pipelines.sentry.errors import ChangedTypeError
from pipelines.sentry.rows.typed import A_COUNT, Fields, as_count, as_json

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
        "owners",
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


_KNOWN = _READ | _LEFT_OUT


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
    """Return a row of `projects`, without observed_at and what only we know (when access was lost)."""
    fields = Fields("projects", body)
    return {
        "project_id": fields.key("id"),
        "organization_slug": organization_slug,
        "project_slug": fields.key("slug"),
        "project_name": fields.text("name"),
        "platform": fields.text("platform"),
        "created_at": fields.moment("dateCreated"),
        "has_access": fields.flag("hasAccess") is not False,
        "access_lost_at": None,
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


_OWNERSHIP = ("ownershipRule", "codeowners")
# In no listing any more, still there for a read by id.
_ON_ITS_WAY_OUT = {
    "pending_deletion": "deleted",
    "deletion_in_progress": "deleted",
    "pending_merge": "merged",
}


def issue(
    body: Row,
    organization_slug: str,
    *,
    counts_users: bool = True,
    team_slugs: Mapping[str, str] | None = None,
) -> Row:
    """Return a row of `issues` without observed_at and what only we know (time of removal, activities read).

    `counts_users` is False for servers that always answer 0: null is honest there. `team_slugs` names teams by id.
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
        "owners": _owners(body, team_slugs or {}),
        "other_fields": as_json({k: fields.source[k] for k in fields.source.keys() - _KNOWN}),
        "removed_reason": _ON_ITS_WAY_OUT.get(fields.text("status") or ""),
        "removed_at": None,
        "merged_into_issue_id": None,
    }


def _owners(body: Row, team_slugs: Mapping[str, str]) -> str | None:
    """Return the owners by the rules of the project, as CODEOWNERS would name them, None where nothing is told.

    Not Sentry's guess from commits, which comes and goes.
    """
    if "owners" not in body or not isinstance(body["owners"] or [], list):
        return None
    named = set()
    for each in body["owners"] or []:
        owner = each.get("owner") if isinstance(each, dict) else None
        if not isinstance(owner, str):
            return None
        if each.get("type") in _OWNERSHIP:
            kind, _, key = owner.partition(":")
            named.add(f"#{team_slugs[key]}" if kind == "team" and key in team_slugs else owner)
    return as_json(sorted(named)) or "[]"


@lru_cache
def _day(second: int) -> date:
    moment = datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
    if not is_possible(moment):
        raise ValueError(second)
    return moment.date()


def issue_daily_events(body: Row, *, with_zeros: bool = True) -> list[tuple[date, int]]:
    """Return (UTC day, events) from the 14-day sparkline that a listing carries; empty when it has none."""
    stats = Fields("issues", body).part("stats")
    points = stats.source.get("14d") if stats else None
    if not points:
        return []
    try:
        return [
            (_day(int(second)), as_count(count))
            for second, count in points
            if count != 0 or with_zeros
        ]
    except (TypeError, ValueError, OverflowError, OSError):
        raise ChangedTypeError(
            f"issues.stats: expected [epoch, count] pairs with {A_COUNT}, got others."
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
    """Return a row of `issue_events`: what a person reads in a stack trace, nothing of the affected user.

    GlitchTip writes its events in snake case.
    """
    fields = Fields("issue_events", body)
    return {
        "event_id": fields.key("eventID" if "eventID" in body else "id"),
        "issue_id": issue_id,
        "organization_slug": organization_slug,
        "project_id": project_id,
        "title": fields.text("title"),
        "message": fields.text("message"),
        "platform": fields.text("platform"),
        "occurred_at": fields.moment("dateCreated" if "dateCreated" in body else "date_created"),
        "tags": fields.json("tags"),
        "entries": fields.json("entries"),
    }
