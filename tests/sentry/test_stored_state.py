"""What is read in one sync, before it meets the warehouse."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import ISSUE_DAILY_EVENTS
from pipelines.sentry.state.stored import open_stored_state


def test_of_rows_with_one_key_the_last_that_was_read_counts(tmp_path: Path) -> None:
    rng = Random(7)
    day, rows, last = date(2026, 11, 23), [], {}
    for number in range(250_000):  # more than DuckDB reads at once
        issue_id = str(rng.randrange(100_000))
        rows.append({"issue_id": issue_id, "date_on": day, "event_count": number})
        last[issue_id] = number
    batches = [
        to_arrow(ISSUE_DAILY_EVENTS, [row | {"organization_slug": "acme"} for row in part])
        for part in (rows[start : start + 500] for start in range(0, len(rows), 500))
    ]

    with open_stored_state(None, tmp_path) as stored:
        for batch in batches:
            stored.add("staged_issue_daily_events", batch)
        stored.settle(ISSUE_DAILY_EVENTS)
        staged = stored.rows("select issue_id, event_count from staged_issue_daily_events")

    assert len(staged) == len(last)
    assert dict(staged) == last
