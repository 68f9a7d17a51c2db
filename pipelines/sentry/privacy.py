"""What is stored of the people in Sentry: their names and e-mail addresses as they are, hashed, or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.sentry.errors import ConfigurationError
from pipelines.sentry.flatten import as_json

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


@dataclass(frozen=True)
class Privacy:
    """keep: as Sentry tells it; hash: a keyed hash, equal for equal people; drop: null.

    Hashing needs a key of one's own: without it anybody could hash known addresses and compare.
    """

    mode: Literal["keep", "hash", "drop"] = "keep"
    key: str = ""

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
        details = json.loads(row["status_details"]) if row["status_details"] else {}
        treated["status_details"] = as_json({k: v for k, v in details.items() if k in _IMPERSONAL})
        # A field that this version does not know may hold anything.
        treated["other_fields"] = None
        return treated

    def activity(self, row: Row) -> Row:
        """Return the activity row with its actor treated and only impersonal data kept."""
        if self.mode == "keep":
            return row
        data = json.loads(row["data"]) if row["data"] else {}
        kept = {k: v for k, v in data.items() if k in _IMPERSONAL} if isinstance(data, dict) else {}
        return {**row, "actor": self._person(row["actor"]), "data": as_json(kept)}

    def event(self, row: Row) -> Row:
        """Return the event row without the tags that describe the affected user."""
        if self.mode == "keep" or not row["tags"]:
            return row
        tags = [
            tag for tag in json.loads(row["tags"]) if not str(tag.get("key")).startswith("user")
        ]
        return {**row, "tags": as_json(tags)}

    def _person(self, text: str | None) -> str | None:
        if text is None or self.mode == "drop":
            return None
        return hmac.new(self.key.encode(), text.lower().encode(), hashlib.sha256).hexdigest()[:16]
