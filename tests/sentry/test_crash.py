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

from pipelines.fake_sentry.server import StandIn
from pipelines.fake_sentry.world import World
from pipelines.sentry.atomic_load import restore_after_kill
from tests.sentry.agreement import assert_true
from tests.sentry.syncing import Server, Warehouse

KILLS = int(os.environ.get("SENTRY_KILLS", "8"))
ORGANIZATIONS = ["acme", "beta"]


def sync_elsewhere(
    folder: Path,
    url: str,
    run: int,
    report: Any = None,
    room: int | None = None,
    from_load_on: bool = False,
) -> None:
    """Sync in this process, perhaps with `room` bytes for each file; tell the error, if there is one."""
    warehouse = Warehouse(folder, Server(url), ORGANIZATIONS, numbers=itertools.count(run))

    def limit() -> None:
        if room is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    if from_load_on:
        load = dlt.Pipeline.load
        dlt.Pipeline.load = lambda *given, **named: limit() or load(*given, **named)
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
def run(processes: ForkServerContext, standin: StandIn) -> Callable[..., Any]:
    def start(folder: Path, number: int, **options: Any) -> Any:
        process = processes.Process(
            target=sync_elsewhere, args=(folder, standin.url, number), kwargs=options, daemon=True
        )
        process.start()
        return process

    return start


def life(world: World, number: int) -> None:
    world.advance(hours=3)
    issues = sorted(world.issues.values(), key=lambda issue: issue.id)
    rng = random.Random(number)
    for change in (world.resolve, world.unresolve, world.archive, world.add_events):
        change(rng.choice(issues))
    world.delete_issue(rng.choice(issues))
    world.create_issue(next(iter(world.projects.values())), f"KeyError: {number}")


def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(
    warehouse: Warehouse, standin: StandIn, world: World, run: Callable[..., Any]
) -> None:
    standin.state.latency = 0.01
    started = time.monotonic()
    first = run(warehouse.folder, 0)
    first.join()
    assert first.exitcode == 0
    longest = time.monotonic() - started
    rng = random.Random(KILLS)
    cut_off = 0
    for number in range(1, KILLS + 1):
        life(world, number)
        undisturbed = Warehouse(warehouse.folder / "undisturbed", standin, ORGANIZATIONS)
        shutil.rmtree(undisturbed.folder, ignore_errors=True)
        undisturbed.folder.mkdir()
        shutil.copyfile(warehouse.path, undisturbed.path)
        undisturbed.quick_sync(full=False)

        process = run(warehouse.folder, number)
        process.join(rng.uniform(0, longest))
        process.kill()
        process.join()
        cut_off += process.exitcode != 0
        restore_after_kill(warehouse.path)
        warehouse.numbers = itertools.count(1000 + number)
        warehouse.sync(full=False)

        assert warehouse.content() == undisturbed.content(), f"kill {number}"
    assert cut_off > KILLS / 4
    warehouse.sync(full=True)
    assert_true(warehouse, world)


@pytest.mark.parametrize(
    ("more", "from_load_on"),
    [
        pytest.param(-10_000_000, False, id="no room at all"),
        pytest.param(-1, False, id="no room for the copy"),
        pytest.param(1_000_000, True, id="in the middle of the load"),
    ],
)
def test_a_full_disk_is_named_and_the_warehouse_stays_as_it_was(
    warehouse: Warehouse,
    world: World,
    processes: ForkServerContext,
    run: Callable[..., Any],
    more: int,
    from_load_on: bool,
) -> None:
    warehouse.sync()
    before = warehouse.content()
    rng = random.Random(more)
    for number in range(300 if from_load_on else 1):  # 30 MB: more than the file has room inside
        project = next(iter(world.projects.values()))
        world.create_issue(
            project, f"KeyError: {number}", metadata={"value": rng.randbytes(50_000).hex()}
        )
    report = processes.SimpleQueue()

    room = max(warehouse.path.stat().st_size + more, 0)
    run(warehouse.folder, 5, report=report, room=room, from_load_on=from_load_on).join()

    assert report.get().startswith("StorageError: There is no room left on the disk")
    restore_after_kill(warehouse.path)
    assert warehouse.content() == before
    warehouse.sync(full=True)
    assert_true(warehouse, world)
