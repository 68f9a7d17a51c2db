"""How long it takes until everybody is told that 100,000 issues have turned late in one run.

    python benchmarks/bench_notifications.py

100,000 reasons in 500 products of 50 teams, 101 recipients: evaluated, noted, put into the outbox and mailed to an SMTP
server in this process. Asserts one mail per recipient; the target is under 10 seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from pipelines.catalog import Recipient
from pipelines.notify import store
from pipelines.notify.channels.mail import Mail
from pipelines.notify.delivery import deliver
from pipelines.notify.evaluation import evaluate
from pipelines.notify.reasons import Reason, Snapshot
from pipelines.settings import Settings
from tests.notify.mail_server import MailServer

ISSUES, PRODUCTS, TEAMS, TARGET = 100_000, 500, 50, 10.0
START = datetime(2026, 11, 23, 9)


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
        Recipient(f"team-{n}", "mail", f"{who}-{n}@example.com", None, None, None, None, "UTC", 2)
        for who in ("team", "lead")
        for n in range(TEAMS)
    ]
    rows.append(Recipient(None, "mail", "all@example.com", None, None, None, None, "UTC", 2))
    with tempfile.TemporaryDirectory() as folder, MailServer() as server:
        settings = Settings(
            data_dir=Path(folder),
            notify_smtp_url=SecretStr(server.url),
            notify_from="sbp@example.com",
            pages_url="https://products.example.com",
        )
        with store.opened(settings.notify_state) as db:
            evaluate(db, Snapshot(START, "1", "", {"acme": START}), rows, START)
            began = time.perf_counter()
            later = START + timedelta(hours=3)
            evaluate(db, Snapshot(later, "2", "", {"acme": later}, reasons), rows, later)
            noted = time.perf_counter()
        deliver(settings, {"mail": Mail()}, lambda: later)
        sent = time.perf_counter()
        mails = server.mails
    print(
        f"{ISSUES:,} issues turn late: noted in {noted - began:.1f} s, {len(mails)} mails sent in "
        f"{sent - noted:.1f} s, the longest has {max(len(mail.as_bytes()) for mail in mails):,} bytes"
    )
    assert sorted(mail["To"] for mail in mails) == sorted(row.address for row in rows)
    return 0 if sent - began < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
