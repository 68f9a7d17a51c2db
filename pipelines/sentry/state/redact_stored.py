"""Names and addresses that were stored before PERSONAL_DATA said otherwise: treated once, by the next sync."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from pipelines.sentry.rows.redact import HASH, IMPERSONAL, OF_CODE, OF_ERROR, Privacy
from pipelines.sentry.schema import ISSUE_ACTIVITIES, ISSUE_EVENTS, ISSUES, RawTable
from pipelines.sentry.state.stored import open_known, to_arrow

# Which rows of a raw table the mode would change. The macros tell it of one person and one JSON object.
_UNTREATED = {
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


def treated(
    loads: Iterable[dict[str, pa.Table]], warehouse: Path | None, privacy: Privacy
) -> Iterator[dict[str, pa.Table]]:
    """Yield what a sync brings, and after it the stored rows that the privacy would change, as it wants them.

    What is brought may be a copy of such a row, with another mark; it is treated too, and each key comes once.
    """
    stored = _untreated(warehouse, privacy)
    for tables in loads:
        yield tables | {
            raw.name: _treat(raw, tables[raw.name], privacy) for raw in stored if raw.name in tables
        }
        for raw in stored:
            if raw.name in tables:
                brought = tables[raw.name].select(list(raw.key))
                stored[raw] = stored[raw].join(brought, list(raw.key), join_type="left anti")
    for raw, rows in stored.items():
        if rows.num_rows:
            yield {raw.name: _treat(raw, rows, privacy)}


def _untreated(warehouse: Path | None, privacy: Privacy) -> dict[RawTable, pa.Table]:
    """Return the stored rows that the privacy would change, of the tables that have any."""
    if privacy.mode == "keep":
        return {}
    spared = "false" if privacy.mode == "drop" else f"regexp_full_match(text, '{HASH}')"
    with open_known(warehouse) as known:
        known.sql.execute(f"create macro named(text) as text is not null and not {spared}")
        # What DuckDB cannot read is better treated than stored.
        known.sql.execute(
            "create macro exceeds(object, names) as object is not null "
            "and not coalesce(try(list_has_all(names, json_keys(object))), false)"
        )
        found = {
            raw: known.table(f"from known_{raw.name} where {condition}", raw.schema)
            for raw, condition in _UNTREATED.items()
        }
    return {raw: rows for raw, rows in found.items() if rows.num_rows}


def _treat(raw: RawTable, rows: pa.Table, privacy: Privacy) -> pa.Table:
    treat = {ISSUES: privacy.issue, ISSUE_ACTIVITIES: privacy.activity, ISSUE_EVENTS: privacy.event}
    return to_arrow(raw, [treat[raw](row) for row in rows.to_pylist()])
