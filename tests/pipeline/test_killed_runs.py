"""A run that was killed, or whose terminal was closed, blocks nothing: the next goes through and marks it as failed."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import dagster as dg
import pytest

from pipelines.automation import every_three_hours
from pipelines.fake_sentry.server import FakeSentry
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.lock import holder
from tests.pipeline.conftest import SETTINGS, Deployment


def sync(deployment: Deployment, terminal: int | None = None) -> subprocess.Popen[bytes]:
    """`make sync` as a terminal runs it: leader of a session whose terminal can be closed."""
    environment = (
        os.environ
        | SETTINGS
        | {
            "SENTRY_URL": deployment.url,
            "DATA_DIR": str(deployment.data),
            "SEEDS_DIR": str(deployment.seeds),
            "FULL_SYNC_HOURS": "0",
        }
    )
    log = (deployment.data / "sync.log").open("ab")

    def take_terminal() -> None:
        os.setsid()
        if terminal is not None:
            import fcntl
            import termios

            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", "sync"],
        env=environment,
        cwd=ROOT,
        stdin=terminal if terminal is not None else subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=take_terminal,
    )


def wait_for(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def statuses(deployment: Deployment) -> list[dg.DagsterRunStatus]:
    home = Settings(data_dir=deployment.data).dagster_home
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return [run.status for run in instance.get_runs()]


def is_reading(sentry: FakeSentry, deployment: Deployment) -> bool:
    return len(sentry.requests) > 20


def is_building(sentry: FakeSentry, deployment: Deployment) -> bool:
    return (deployment.data / "dbt" / "dbt.log").exists()


def kill(sync: subprocess.Popen[bytes]) -> None:
    sync.kill()


def cut_power(sync: subprocess.Popen[bytes]) -> None:
    os.killpg(sync.pid, signal.SIGKILL)


def hang_up(sync: subprocess.Popen[bytes]) -> None:
    """The test closes the terminal."""


def test_whatever_ends_a_sync_the_next_goes_through_and_the_dead_run_shows_as_failed(
    deployment: Deployment, sentry: FakeSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each next one but the last has its own end, when it has come as far as that."""
    monkeypatch.setenv("DATA_DIR", str(deployment.data))
    dead: list[dg.DagsterRunStatus] = []
    for is_due, end in ((is_reading, kill), (is_building, cut_power), (is_building, hang_up)):
        (deployment.data / "dbt" / "dbt.log").unlink(missing_ok=True)
        leader, terminal = pty.openpty()
        killed = sync(deployment, terminal if end is hang_up else None)
        os.close(terminal)
        wait_for(lambda is_due=is_due: is_due(sentry, deployment), killed)
        assert isinstance(every_three_hours(), dg.SkipReason)
        end(killed)
        os.close(leader)  # hangs up if it is somebody's terminal
        killed.wait(120)
        assert killed.returncode in (-signal.SIGKILL, -signal.SIGHUP)
        deadline = time.monotonic() + 60  # the run ends a moment after who started it
        while holder(deployment.warehouse):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert statuses(deployment) == [dg.DagsterRunStatus.STARTED, *dead]
        assert isinstance(every_three_hours(), dg.RunRequest)
        dead.append(dg.DagsterRunStatus.FAILURE)

    following = sync(deployment)

    assert following.wait(300) == 0, (deployment.data / "sync.log").read_text()[-3000:]
    assert statuses(deployment) == [dg.DagsterRunStatus.SUCCESS, *dead]
    log = deployment.read("select status from marts.sync_runs")
    assert Counter(row["status"] for row in log) == {"complete": 2, "failed": 3}
