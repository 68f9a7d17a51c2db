"""How long it takes until everybody is told that 100,000 issues have turned late in one run.

    python benchmarks/bench_notifications.py

100,000 reasons in 500 products of 50 teams, 101 recipients: evaluated, noted, put into the outbox and delivered over a
channel that costs nothing. Asserts one message per recipient and rule; the target is under 10 seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.catalog import Recipient
from pipelines.notify import store
from pipelines.notify.content import content_of, rendered
from pipelines.notify.delivery import deliver
from pipelines.notify.evaluation import evaluate
from pipelines.notify.outbox import Message
from pipelines.notify.reasons import Reason, Snapshot
from pipelines.settings import Settings

ISSUES, PRODUCTS, TEAMS, TARGET = 100_000, 500, 50, 10.0
START = datetime(2026, 11, 23, 9)


class Written:
    """Writes each message as a mail would be, and keeps how long it is."""

    is_repeatable = False

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def place(self, message: Message) -> str:
        """There is one place."""
        return ""

    def send(self, settings: Settings, message: Message) -> None:
        """Write it."""
        content = content_of(message.payload, "https://products.example.com")
        self.lengths.append(len(rendered(content, "message.html")))


def main() -> int:
    at = START + timedelta(hours=1)
    reasons = tuple(
        Reason(
            *("sla_breached", "acme", str(n), at, at, f"ValueError: {n}", f"team-{n % TEAMS}"),
            *(f"product-{n % PRODUCTS}", f"Product {n % PRODUCTS}", "high"),
        )
        for n in range(ISSUES)
    )
    rows = [
        Recipient(team, "mail", f"{number}@example.com", None, None, None, None, "UTC", 2)
        for number in range(2)
        for team in (f"team-{n}" for n in range(TEAMS))
    ]
    rows.append(Recipient(None, "mail", "all@example.com", None, None, None, None, "UTC", 2))
    with tempfile.TemporaryDirectory() as folder:
        settings, written = Settings(data_dir=Path(folder)), Written()
        with store.opened(settings.notify_state) as db:
            evaluate(db, Snapshot(START, "1", "", {"acme": START}), rows, START)
            began = time.perf_counter()
            later = START + timedelta(hours=3)
            evaluate(db, Snapshot(later, "2", "", {"acme": later}, reasons), rows, later)
            noted = time.perf_counter()
        deliver(settings, {"mail": written}, lambda: later)
        sent = time.perf_counter()
    print(
        f"{ISSUES:,} issues turn late: noted in {noted - began:.1f} s, {len(written.lengths)} messages written and "
        f"sent in {sent - noted:.1f} s, the longest has {max(written.lengths):,} characters"
    )
    assert len(written.lengths) == len(rows)
    return 0 if sent - began < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
