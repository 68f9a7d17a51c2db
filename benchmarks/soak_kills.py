"""Syncs that are killed at any moment, in every way, and what comes after them.

    python benchmarks/soak_kills.py --kills 50

After each kill nobody holds the warehouse, the schedule would tick, the next sync goes through, no run is left that
Dagster takes for running, and each that died was told once. Exits with 1 where that is not so.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import dagster as dg

from pipelines.automation import every_three_hours
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.run_failures import IN_PROGRESS
from pipelines.settings import EXAMPLE, ROOT
from pipelines.warehouse.lock import holder
from tests.notify.receiver import command, told
from tests.pipeline.dagster_ui import Ui

# Where the kernel's own killer can be had (version 1 of control groups, as root).
GROUP = Path("/sys/fs/cgroup/memory/soak_kills")


class Installation:
    """One DATA_DIR, in which all of it happens."""

    def __init__(self, folder: Path, url: str) -> None:
        self.data = folder / "data"
        self.data.mkdir(mode=0o750)
        self.heard = folder / "heard"
        self.settings = {
            "SENTRY_URL": url,
            "SENTRY_AUTH_TOKEN": TOKEN,
            "SEEDS_DIR": str(EXAMPLE),
            "FULL_SYNC_HOURS": "0",
            "ON_FAILURE_COMMAND": command(self.heard),
        }
        os.environ |= {**self.settings, "DATA_DIR": str(self.data)}
        self.ui: Ui | None = None

    def sync(self, limit: str = "") -> subprocess.Popen[bytes]:
        """Return `make sync`, begun in a session of its own."""
        words = [sys.executable, "-m", "pipelines", "sync"]
        with (self.data.parent / "sync.log").open("ab") as log:
            return subprocess.Popen(
                ["sh", "-c", f'{limit} exec "$@"', "sh", *words],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def dev(self) -> Ui:
        """Return `make dev`, as it is or started."""
        if self.ui is None:
            self.ui = Ui(self.data, "dev", **self.settings)
            self.ui.wait()
        return self.ui

    def run_process(self) -> int:
        """Return the process that holds the warehouse, as soon as one does."""
        deadline = time.monotonic() + 120
        while not (owner := holder(self.data / "warehouse.duckdb")) or "process" not in owner:
            assert time.monotonic() < deadline, "no run has begun"
            time.sleep(0.02)
        return int(owner.rpartition(" ")[2])

    def failed(self) -> set[str]:
        """Return the runs that Dagster shows as failed; there is none that it takes for running."""
        with dg.DagsterInstance.from_config(str(self.data / "dagster")) as instance:
            left = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS))
            failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        assert not left, left
        return {run.run_id for run in failed}

    def check(self) -> None:
        """Assert what has to hold after a kill, a sync that goes through included."""
        warehouse = self.data / "warehouse.duckdb"
        deadline = time.monotonic() + 10
        while holder(warehouse):
            assert time.monotonic() < deadline, holder(warehouse)
            time.sleep(0.05)
        if self.ui:
            assert self.ui.tick()["runRequests"]
            run_id = self.ui.launch()
            while (status := self.ui.status(run_id)) in ("STARTING", "STARTED", "NOT_STARTED"):
                time.sleep(0.2)
            assert status == "SUCCESS", status
        else:
            assert isinstance(every_three_hours(), dg.RunRequest)
            assert self.sync().wait(300) == 0
        messages = [run_id for _, run_id, *_ in told(self.heard) if run_id]
        assert set(messages) <= self.failed()
        assert len(set(messages)) == len(messages)


def by_command(its: Installation, after: Callable[[], float], kind: str) -> None:
    """Kill `make sync`: its run alone, the command alone, by hangup, all at once, or by want of memory."""
    if its.ui:
        its.ui.end(signal.SIGTERM)
        its.ui = None
    limit = ""
    if kind == "memory":
        is_kernel = os.access(GROUP.parent, os.W_OK)
        if is_kernel:
            GROUP.mkdir(exist_ok=True)
            (GROUP / "memory.limit_in_bytes").write_text(str(random.randint(280, 420) << 20))
        limit = f"echo $$ > {GROUP}/cgroup.procs;" if is_kernel else "ulimit -v 520000;"
    process = its.sync(limit)
    if kind != "memory":
        run = its.run_process()
        time.sleep(after())
        kill = {
            "run": lambda: os.kill(run, signal.SIGKILL),
            "command": process.kill,
            "hangup": lambda: os.killpg(process.pid, signal.SIGHUP),
            "power": lambda: os.killpg(process.pid, signal.SIGKILL),
        }[kind]
        with suppress(ProcessLookupError):  # it was quick
            kill()
    process.wait(120)


def by_ui(its: Installation, after: Callable[[], float], kind: str) -> None:
    """Kill a run of `make dev`, or all of `make dev`, which then starts again."""
    ui = its.dev()
    ui.launch()
    run = its.run_process()
    time.sleep(after())
    if kind == "run of the UI":
        with suppress(ProcessLookupError):
            os.kill(run, signal.SIGKILL)
        return
    ui.cut_power()
    its.ui = None
    its.dev()


KINDS = {
    **dict.fromkeys(("run", "command", "hangup", "power", "memory"), by_command),
    **dict.fromkeys(("run of the UI", "power of the UI"), by_ui),
}


def main() -> int:
    """Return 0 if everything held after every kill."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    world = SentryWorld()
    project = world.create_project(world.create_organization("acme"), "checkout-web")
    for number in range(300):
        world.create_issue(project, f"ValueError: {number}")
    done: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeSentry(world, "self-hosted", latency=0.2) as sentry,
    ):
        its = Installation(Path(folder), sentry.url)
        assert its.sync().wait(300) == 0
        kinds = sorted(random.choices(list(KINDS), k=options.kills), key=list(KINDS).index)
        for kind in kinds:
            started = time.monotonic()
            KINDS[kind](its, lambda: random.uniform(0, 9), kind)
            its.check()
            done[kind] += 1
            print(f"{kind}: {time.monotonic() - started:.0f} s", flush=True)
        failed = its.failed()
        deadline = time.monotonic() + 90  # what only the daemon saw, it tells within half a minute
        while its.ui and len(told(its.heard)) < len(failed) and time.monotonic() < deadline:
            time.sleep(1)
        if its.ui:
            its.ui.end(signal.SIGTERM)
        heard = told(its.heard)
        assert len(heard) >= len(failed), (failed, heard)
    print(f"{sum(done.values())} kills, {dict(done)}; {len(failed)} runs failed, {len(heard)} told")
    return 0


if __name__ == "__main__":
    sys.exit(main())
