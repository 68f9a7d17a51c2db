"""The Dagster UI as `make dev` starts it: in a session of its own, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.settings import ROOT

JSON = {"Content-Type": "application/json"}
LAUNCH = """
mutation { launchRun(executionParams: {runConfigData: {}, selector: {
    repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__", jobName: "sync_sentry"
}}) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
TICK = """
mutation { scheduleDryRun(timestamp: %d, selectorData: {
    repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__",
    scheduleName: "every_three_hours"
}) { ... on DryRunInstigationTick { evaluationResult { skipReason runRequests { runKey } } } } }
"""
STATUS = "{ runOrError(runId: %s) { ... on Run { status } } }"


class Ui:
    """One of `dev` and `demo --ui`. `data` is its DATA_DIR, in which its processes are recognized."""

    def __init__(self, data: Path, *command: str, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = data
        data.parent.mkdir(parents=True, exist_ok=True)
        self.log = data.parent / "ui.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipelines", *command, "--port", str(self.port)],
                env=os.environ | settings | {"DATA_DIR": str(data)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0,
            )

    def wait(self, seconds: float = 120) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                return self._wait_for_code()
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < deadline, self.log.read_text()[-3000:]
                time.sleep(0.2)

    def _wait_for_code(self) -> None:
        found = self.ask(
            "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
        )
        if not found["repositoriesOrError"].get("nodes"):
            raise ConnectionError

    def request(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = JSON
    ) -> tuple[int, str]:
        """Return status and text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def ask(self, query: str) -> dict[str, Any]:
        """Return the data of GraphQL's answer."""
        status, text = self.request("POST", "/graphql", json.dumps({"query": query}))
        assert status == 200, text
        data: dict[str, Any] = json.loads(text)["data"]
        return data

    def launch(self) -> str:
        """Start a sync and return the id of its run."""
        launched = self.ask(LAUNCH)["launchRun"]
        return str(launched["run"]["runId"])

    def status(self, run_id: str) -> str:
        return str(self.ask(STATUS % json.dumps(run_id))["runOrError"]["status"])

    def tick(self) -> dict[str, Any]:
        """Return what the schedule would do now: `skipReason` or `runRequests`."""
        found = self.ask(TICK % time.time())["scheduleDryRun"]["evaluationResult"]
        assert isinstance(found, dict)
        return found

    def processes(self) -> list[int]:
        """Return the processes that were started for it: DATA_DIR in their environment tells."""
        mark = b"DATA_DIR=" + os.fsencode(self.data)
        found = []
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                environment = (proc / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(each == mark or each.startswith(mark + b"/") for each in environment):
                found.append(int(proc.name))
        return found

    def end(self, kind: signal.Signals) -> float:
        """Send the signal and return how many seconds it took to end; nothing is left then."""
        started = time.monotonic()
        self.process.send_signal(kind)
        self.process.wait(60)
        seconds = time.monotonic() - started
        left = self.processes()
        deadline = time.monotonic() + 1  # a process that was killed is gone a moment later
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = self.processes()
        assert not left, [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
        return seconds

    def cut_power(self) -> None:
        """Kill all that it started, at once."""
        for _ in range(3):  # those included that were just being started
            for pid in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait(60)
