"""What is stored of the people in Sentry: their names and e-mail addresses as they are, hashed, or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.sentry.errors import ConfigurationError
from pipelines.sentry.fields import as_json

Row = dict[str, Any]

# Of an activity's data and of status details, what says nothing about a person.
_IMPERSONAL = frozenset(
    [
        "autoResolved",
        "inRelease",
        "inNextRelease",
        "inUpcomingRelease",
        "pendingEvents",
        "version",
        "current_release_version",
        "priority",
        "reason",
        "follows_semver",
        "event_id",
        "ignoreCount",
        "ignoreUntil",
        "ignoreUserCount",
        "ignoreUserWindow",
        "ignoreWindow",
        "age",
        "assigneeType",
        "issues",
    ]
)


# Parts of an event that tell of the program; breadcrumbs and requests tell of its user.
_OF_CODE = frozenset(["exception", "stacktrace", "threads", "debugmeta"])


@dataclass(frozen=True)
class Privacy:
    """keep: as Sentry tells it; hash: a keyed hash, equal for equal people; drop: null.

    Hashing needs a key of one's own: without it anybody could hash known addresses and compare.
    """

    mode: Literal["keep", "hash", "drop"] = "keep"
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.mode == "hash" and not self.key:
            raise ConfigurationError(
                "PERSONAL_DATA=hash needs PERSONAL_DATA_KEY, a secret text of your own. "
                "Set it, or use PERSONAL_DATA=drop."
            )

    def issue(self, row: Row) -> Row:
        """Return the issue row with the assignee and actors treated; a team is not a person."""
        if self.mode == "keep":
            return row
        treated = dict(row)
        if row["assignee_type"] != "team":
            treated["assignee_name"] = self._person(row["assignee_name"])
            treated["assignee_email"] = self._person(row["assignee_email"])
        treated["status_details"] = _impersonal(row["status_details"])
        # A field that this version does not know may hold anything.
        treated["other_fields"] = None
        return treated

    def activity(self, row: Row) -> Row:
        """Return the activity row with its actor treated and only impersonal data kept."""
        if self.mode == "keep":
            return row
        actor = self._person(row["actor"])
        return {**row, "actor": actor, "data": _impersonal(row["data"])}

    def event(self, row: Row) -> Row:
        """Return the event row without what describes the affected user or the request that was made."""
        if self.mode == "keep":
            return row
        tags = [tag for tag in _objects(row["tags"]) if not str(tag.get("key")).startswith("user")]
        entries = [entry for entry in _objects(row["entries"]) if entry.get("type") in _OF_CODE]
        return {**row, "tags": as_json(tags), "entries": as_json(entries)}

    def _person(self, text: str | None) -> str | None:
        if text is None or self.mode == "drop":
            return None
        return hmac.new(self.key.encode(), text.lower().encode(), hashlib.sha256).hexdigest()[:16]


def _objects(text: str | None) -> list[Row]:
    """Return the objects of a JSON list."""
    items = json.loads(text) if text else []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _impersonal(text: str | None) -> str | None:
    """Return the members of a JSON object that say nothing about a person."""
    parts = json.loads(text) if text else {}
    if not isinstance(parts, dict):
        return None
    return as_json({name: value for name, value in parts.items() if name in _IMPERSONAL})
