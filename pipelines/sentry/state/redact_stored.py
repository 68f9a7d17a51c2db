"""Names and addresses that were stored before PERSONAL_DATA said otherwise: redacted once, by the next sync."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

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


def redacted_rows(warehouse: Path | None, redaction: Redaction) -> dict[str, pa.Table]:
    """Return the stored rows that the redaction would change, changed, per raw table that has any."""
    if redaction.mode == "keep":
        return {}
    spared = "false" if redaction.mode == "drop" else f"regexp_full_match(text, '{HASH}')"
    redact = {
        ISSUES: redaction.issue,
        ISSUE_ACTIVITIES: redaction.activity,
        ISSUE_EVENTS: redaction.event,
    }
    found: dict[str, pa.Table] = {}
    with open_stored_state(warehouse) as stored:
        stored.sql.execute(f"create macro named(text) as text is not null and not {spared}")
        # What DuckDB cannot read is better redacted than stored.
        stored.sql.execute(
            "create macro exceeds(object, names) as object is not null "
            "and not coalesce(try(list_has_all(names, json_keys(object))), false)"
        )
        for raw, condition in _NOT_REDACTED.items():
            rows = stored.table(f"from stored_{raw.name} where {condition}", raw.schema)
            if rows.num_rows:
                found[raw.name] = to_arrow(raw, [redact[raw](row) for row in rows.to_pylist()])
    return found
