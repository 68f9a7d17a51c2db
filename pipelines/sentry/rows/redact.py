"""What is stored of the people in Sentry: their names and e-mail addresses as they are, hashed, or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.sentry.errors import ConfigurationError
from pipelines.sentry.rows.typed import as_json

Row = dict[str, Any]

# Of an activity's data and of status details, what says nothing about a person.
IMPERSONAL = frozenset(
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
# Of an issue's metadata, what describes the error; a feedback's also names who wrote it.
OF_ERROR = frozenset(
    [
        "type",
        "value",
        "title",
        "filename",
        "function",
        "directive",
        "uri",
        "sdk",
        "initial_priority",
        "severity",
        "severity_reason",
        "in_app_frame_mix",
    ]
)
# Parts of an event that describe the program; breadcrumbs and requests describe its user.
OF_CODE = frozenset(["exception", "stacktrace", "threads", "debugmeta"])

# What a hash looks like: what was redacted once stays as it is.
HASH = "[0-9a-f]{16}"


@dataclass(frozen=True)
class Redaction:
    """keep: as Sentry has it; hash: a keyed hash, equal for equal people; drop: null.

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
        """Return the issue row with the assignee redacted; a team is not a person."""
        if self.mode == "keep":
            return row
        redacted = dict(row)
        if row["assignee_type"] != "team":
            redacted["assignee_name"] = self._person(row["assignee_name"])
            redacted["assignee_email"] = self._person(row["assignee_email"])
        redacted["status_details"] = _only(IMPERSONAL, row["status_details"])
        redacted["metadata"] = _only(OF_ERROR, row["metadata"])
        # A field that this version does not know may hold anything.
        redacted["other_fields"] = None
        return redacted

    def activity(self, row: Row) -> Row:
        """Return the activity row with its actor redacted and only impersonal data kept."""
        if self.mode == "keep":
            return row
        actor = self._person(row["actor"])
        return {**row, "actor": actor, "data": _only(IMPERSONAL, row["data"])}

    def event(self, row: Row) -> Row:
        """Return the event row without what describes the affected user or the request that was made."""
        if self.mode == "keep":
            return row
        tags = [tag for tag in _objects(row["tags"]) if not str(tag.get("key")).startswith("user")]
        entries = [entry for entry in _objects(row["entries"]) if entry.get("type") in OF_CODE]
        return {**row, "tags": as_json(tags), "entries": as_json(entries)}

    def _person(self, text: str | None) -> str | None:
        if text is None or self.mode == "drop":
            return None
        if re.fullmatch(HASH, text):
            return text
        return hmac.new(self.key.encode(), text.lower().encode(), hashlib.sha256).hexdigest()[:16]


def _objects(text: str | None) -> list[Row]:
    """Return the objects of a JSON list."""
    items = json.loads(text) if text else []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _only(names: Set[str], text: str | None) -> str | None:
    """Return the members of a JSON object that have one of these names."""
    parts = json.loads(text) if text else {}
    if not isinstance(parts, dict):
        return None
    return as_json({name: value for name, value in parts.items() if name in names})
