"""A sync that is killed at any moment, or finds no room, has not happened; the next one makes it good.

SENTRY_KILLS=100 makes it long.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import resource
import shutil
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import dlt
import pytest

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.warehouse import load as loading
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import Server, SyncedWarehouse

KILLS = int(os.environ.get("SENTRY_KILLS", "5"))
ORGANIZATIONS = ["acme", "beta"]


def sync_elsewhere(
    folder: Path,
    url: str,
    run: int,
    report: Any = None,
    room: int | None = None,
    from_on: str | None = None,
) -> None:
    """Sync in this process, perhaps with `room` bytes for each file; tell the error, if there is one."""
    warehouse = SyncedWarehouse(folder, Server(url), ORGANIZATIONS, numbers=itertools.count(run))

    def limit() -> None:
        if room is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    if from_on == "scratch":
        load = dlt.Pipeline.load
        dlt.Pipeline.load = lambda *given, **named: limit() or load(*given, **named)
    elif from_on == "transaction":
        move = loading.move
        loading.move = lambda *given: limit() or move(*given)
    else:
        limit()
    try:
        warehouse.sync(full=False)
    except Exception as error:
        if report is None:
            raise
        report.put(f"{type(error).__name__}: {error}")
    else:
        if report is not None:
            report.put("synced")


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that start in no time, with the libraries loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.sentry.syncing"])
    return context


@pytest.fixture
def run(processes: ForkServerContext, fake_sentry: FakeSentry) -> Callable[..., Any]:
    def start(folder: Path, number: int, **options: Any) -> Any:
        process = processes.Process(
            target=sync_elsewhere,
            args=(folder, fake_sentry.url, number),
            kwargs=options,
            daemon=True,
        )
        process.start()
        return process

    return start


def life(world: SentryWorld, number: int) -> None:
    world.advance(hours=3)
    issues = sorted(world.issues.values(), key=lambda issue: issue.id)
    rng = random.Random(number)
    for change in (world.resolve, world.unresolve, world.archive, world.add_events):
        change(rng.choice(issues))
    world.delete_issue(rng.choice(issues))
    world.create_issue(next(iter(world.projects.values())), f"KeyError: {number}")


def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry, world: SentryWorld, run: Callable[..., Any]
) -> None:
    fake_sentry.state.latency = 0.01
    started = time.monotonic()
    first = run(warehouse.folder, 0)
    first.join()
    assert first.exitcode == 0
    longest = time.monotonic() - started
    rng = random.Random(KILLS)
    cut_off = 0
    for number in range(1, KILLS + 1):
        life(world, number)
        undisturbed = SyncedWarehouse(warehouse.folder / "undisturbed", fake_sentry, ORGANIZATIONS)
        shutil.rmtree(undisturbed.folder, ignore_errors=True)
        undisturbed.folder.mkdir()
        shutil.copyfile(warehouse.path, undisturbed.path)
        undisturbed.quick_sync(full=False)

        process = run(warehouse.folder, number)
        process.join(rng.uniform(0, longest))
        process.kill()
        process.join()
        cut_off += process.exitcode != 0
        warehouse.numbers = itertools.count(1000 + number)
        warehouse.sync(full=False)

        assert warehouse.content() == undisturbed.content(), f"kill {number}"
    assert cut_off
    warehouse.sync(full=True)
    assert_true(warehouse, world)


@pytest.mark.parametrize(
    ("more", "from_on"),
    [(-10_000_000, None), (1_000_000, "scratch"), (1_000_000, "transaction")],
)
def test_a_full_disk_is_named_and_the_warehouse_stays_as_it_was(
    warehouse: SyncedWarehouse,
    world: SentryWorld,
    processes: ForkServerContext,
    run: Callable[..., Any],
    more: int,
    from_on: str | None,
) -> None:
    warehouse.sync()
    before = warehouse.content()
    rng = random.Random(more)
    for number in range(300 if from_on else 1):  # 30 MB: more than a file has room inside
        project = next(iter(world.projects.values()))
        world.create_issue(
            project, f"KeyError: {number}", metadata={"value": rng.randbytes(50_000).hex()}
        )
    report = processes.SimpleQueue()

    room = max(warehouse.path.stat().st_size + more, 0)
    run(warehouse.folder, 5, report=report, room=room, from_on=from_on).join()

    assert "Error: There is no room left on the disk" in report.get()
    assert warehouse.content() == before
    warehouse.sync(full=True)
    assert_true(warehouse, world)
