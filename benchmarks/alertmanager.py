"""Prometheus' Alertmanager, told of alerts run by run, and how many notifications come of it."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

RUN = 0.75  # seconds that a run of three hours takes here
SCALE = 3 * 3600 / RUN
Alert = tuple[str, str, str]  # rule, team, issue
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


def notified(runs: Sequence[set[Alert]]) -> Counter[str]:
    """Return how often Alertmanager notifies each team if these alerts are active in one run after another."""
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
            config, port = Path(folder) / "config.yml", _free_port()
            url = f"http://127.0.0.1:{receiver.server_port}/"
            seconds = {"wait": 30, "interval": 300, "repeat": 4 * 3600}
            scaled = {name: 1000 * value / SCALE for name, value in seconds.items()}
            config.write_text(CONFIG.format(url=url, **scaled))
            command = [
                *("prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder}"),
                *(f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="),
                "--log.level=error",
            ]
            with subprocess.Popen(command) as program:
                try:
                    _post_all(runs, f"http://127.0.0.1:{port}/api/v2/alerts")
                finally:
                    program.terminate()
        receiver.shutdown()
    return counts


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _post_all(runs: Sequence[set[Alert]], address: str) -> None:
    for _ in range(100):
        try:
            requests.get(address, timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    began, before = time.monotonic(), set[Alert]()
    for number, active in enumerate(runs):
        time.sleep(max(0.0, began + number * RUN - time.monotonic()))
        now = datetime.now(UTC)
        # As Prometheus does: what holds no more is ended, what holds ends by itself after four runs without a word.
        ends = dict.fromkeys(before - active, now) | dict.fromkeys(
            active, now + timedelta(seconds=4 * RUN)
        )
        body = [
            {
                "labels": {"alertname": rule, "team": team, "issue": issue},
                "endsAt": end.isoformat(),
            }
            for (rule, team, issue), end in ends.items()
        ]
        if body:
            requests.post(address, json=body, timeout=10).raise_for_status()
        before = active
    time.sleep(RUN)
