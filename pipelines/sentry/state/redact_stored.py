"""Names and addresses that were stored before PERSONAL_DATA said otherwise: redacted once, by the next sync."""

from __future__ import annotations

import itertools
from pathlib import Path

from pipelines.sentry.rows.redact import HASH, IMPERSONAL, OF_CODE, OF_ERROR, Redaction
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import ISSUE_ACTIVITIES, ISSUE_EVENTS, ISSUES
from pipelines.sentry.state.stored import open_stored_state

# Which rows of a raw table the mode would change. The macros say so of one person and of one JSON object.
_NOT_REDACTED = {
    ISSUES: f"""
        other_fields is not null
        or exceeds(status_details, {sorted(IMPERSONAL)})
        or exceeds(metadata, {sorted(OF_ERROR)})
        or (assignee_type is distinct from 'team' and (named(assignee_name) or named(assignee_email)))
    """,
    ISSUE_ACTIVITIES: f"named(actor) or exceeds(data, {sorted(IMPERSONAL)})",
    ISSUE_EVENTS: f"""
        not list_has_all({sorted(OF_CODE)}, json_extract_string(entries, '$[*].type'))
        or len(list_filter(json_extract_string(tags, '$[*].key'), lambda key: key.starts_with('user'))) > 0
    """,
}


def redacted_rows(warehouse: Path | None, redaction: Redaction, folder: Path) -> dict[str, Path]:
    """Write the stored rows that the redaction would change, changed; returns a Parquet file per raw table with any."""
    if redaction.mode == "keep":
        return {}
    spared = "false" if redaction.mode == "drop" else f"regexp_full_match(text, '{HASH}')"
    redact = {
        ISSUES: redaction.issue,
        ISSUE_ACTIVITIES: redaction.activity,
        ISSUE_EVENTS: redaction.event,
    }
    with open_stored_state(warehouse, folder) as stored:
        stored.sql.execute(f"create macro named(text) as text is not null and not {spared}")
        # What DuckDB cannot read is better redacted than stored.
        stored.sql.execute(
            "create macro exceeds(object, names) as object is not null "
            "and not coalesce(try(list_has_all(names, json_keys(object))), false)"
        )
        for raw, condition in _NOT_REDACTED.items():
            found = stored.stored_rows(raw, condition)
            while rows := list(itertools.islice(found, 1000)):
                stored.add(f"staged_{raw.name}", to_arrow(raw, [redact[raw](row) for row in rows]))
        return stored.write_changed()
