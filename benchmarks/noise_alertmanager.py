"""How many messages each team gets in 30 days of a published file, ours beside Alertmanager's for the same stream.

    python benchmarks/noise_alertmanager.py data/demo/product_health.duckdb

Needs `prometheus-alertmanager` (Debian's package). It groups by team and rule, with its default intervals (wait 30 s,
interval 5 min, repeat 4 h), all scaled so that three hours take `RUN` seconds; each run posts what holds, as Prometheus
would: a reason is active until its issue is closed, or, in the second stream, for that one run. Both get the same
reasons: issues that are new and high, came back, are at risk or late. Ours leave with the run that sees a reason.

Of the demo's world, 8 teams and 405 reasons in 30 days: 358 messages of ours; 2,790 of Alertmanager's for what holds,
358 for what is posted once, which needs a memory of what was posted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from pipelines.catalog import Recipient
from pipelines.catalog.recipient_values import PRODUCT_RULES
from pipelines.notify.history import expected
from pipelines.notify.published_reasons import reasons
from pipelines.notify.reasons import Reason
from pipelines.publish import open_published

DAYS, RUN = 30, 0.75  # days, seconds that a run of three hours takes here
SCALE = 3 * 3600 / RUN
RULES = tuple(rule for rule in PRODUCT_RULES if rule != "health")
CONFIG = """
route:
  receiver: count
  group_by: [team, alertname]
  group_wait: {wait:.0f}ms
  group_interval: {interval:.0f}ms
  repeat_interval: {repeat:.0f}ms
receivers:
  - name: count
    webhook_configs: [{{url: "{url}", send_resolved: false}}]
"""


def main(published: Path) -> int:
    """Print the messages of each team; 1 if ours are more for any."""
    with open_published(published) as db:
        [(as_of,)] = db.execute("select as_of from marts.publication").fetchall()
        since = as_of - timedelta(days=DAYS)
        found = [r for r in reasons(db, since, is_past=True) if r.is_counted and r.rule in RULES]
        closed = dict(
            db.execute(
                "select issue_id, resolved_at from marts.fct_issues where status = 'resolved'"
            ).fetchall()
        )
        teams = sorted({reason.team for reason in found})
        rows = [
            Recipient(team, "mail", "a@example.com", RULES, None, None, None, "UTC", 2)
            for team in teams
        ]
        ours = {
            each.recipient.team: sum(each.messages.values()) for each in expected(db, rows, DAYS)
        }
    held = _alertmanager(found, closed, since)
    once = _alertmanager(found, dict.fromkeys((r.subject for r in found), since), since)
    print(f"{'team':<16}{'reasons':>9}{'ours':>7}{'Alertmanager':>14}{'posted once':>13}")
    for team in teams:
        count = sum(reason.team == team for reason in found)
        print(f"{team:<16}{count:>9}{ours[team]:>7}{held[team]:>14}{once[team]:>13}")
    return 1 if any(ours[team] > min(held[team], once[team]) for team in teams) else 0


def _alertmanager(
    found: list[Reason], closed: dict[str, datetime], since: datetime
) -> Counter[str]:
    """Return the notifications of each team over the runs."""
    counts: Counter[str] = Counter()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            counts[body["groupLabels"]["team"]] += 1
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "config.yml"
            url = f"http://127.0.0.1:{receiver.server_port}/"
            config.write_text(
                CONFIG.format(
                    url=url, wait=30e3 / SCALE, interval=300e3 / SCALE, repeat=4 * 3600e3 / SCALE
                )
            )
            command = ["prometheus-alertmanager", f"--config.file={config}"]
            options = [
                f"--storage.path={folder}",
                "--web.listen-address=127.0.0.1:19093",
                "--cluster.listen-address=",
                "--log.level=error",
            ]
            with subprocess.Popen([*command, *options]) as program:
                try:
                    _post_all(found, closed, since)
                finally:
                    program.terminate()
        receiver.shutdown()
    return counts


def _post_all(found: list[Reason], closed: dict[str, datetime], since: datetime) -> None:
    address = "http://127.0.0.1:19093/api/v2/alerts"
    for _ in range(100):
        try:
            requests.get(address, timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    began = time.monotonic()
    for run in range(1, DAYS * 8 + 1):
        at, before = since + timedelta(hours=3 * run), since + timedelta(hours=3 * (run - 1))
        now = datetime.now(UTC)
        active = [
            r for r in found if r.at <= at and (r.at > before or closed.get(r.subject, at) >= at)
        ]
        body = [
            {
                "labels": {"alertname": r.rule, "team": r.team, "issue": r.subject},
                "endsAt": (now + timedelta(seconds=RUN * 1.2)).isoformat(),
            }
            for r in active
        ]
        if body:
            requests.post(address, json=body, timeout=10).raise_for_status()
        time.sleep(max(0.0, began + run * RUN - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
