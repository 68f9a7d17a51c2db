"""What a reader finds after a publisher was killed, at any moment, or found no room on the disk."""

from __future__ import annotations

import itertools
import os
import random
import resource
import signal
import sys
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from time import monotonic

import pytest

from pipelines.publish import PublishError, read_publication, verify
from tests.publish.data import Data

# Between two of them nothing changes but what DuckDB writes into its own new file.
CHANGES = ("os.mkdir", "os.chmod", "os.link", "os.rename", "os.remove", "os.rmdir")


def publish_and_die(folder: Path, run_id: str, step: int, events: tuple[str, ...]) -> None:
    """Publish, but be killed just before the given one of its changes to the file system."""
    steps = itertools.count(1)

    def kill_at_step(event: str, _: object) -> None:
        if event.startswith(events) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill_at_step)
    parquet = folder / "parquet"
    Data(folder).publish(
        run_id, hours=1, keep=2, parquet_folder=parquet if parquet.exists() else None
    )


def publish_for_ever(folder: Path, run_id: str) -> None:
    for hour in itertools.count(1):
        Data(folder).publish(run_id, hours=hour)


def kill_at_every_step(
    data: Data, processes: ForkServerContext, events: tuple[str, ...]
) -> Iterator[str]:
    """Publish again and again, each time killed one step later, until once it is not killed.

    Gives the run that is published after each time.
    """
    current = read_publication(data.target).run_id
    for step in itertools.count(1):
        run_id = f"killed at step {step}"
        publisher = processes.Process(
            target=publish_and_die, args=(data.folder, run_id, step, events)
        )
        publisher.start()
        publisher.join()
        found = verify(data.target).run_id
        assert found in {current, run_id}
        yield found
        current = found
        if publisher.exitcode == 0:
            assert found == run_id
            return
        assert publisher.exitcode == -signal.SIGKILL


def test_killed_at_any_step_it_leaves_one_whole_publication(
    data: Data, processes: ForkServerContext
) -> None:
    data.publish("before", keep=2)

    found = list(kill_at_every_step(data, processes, CHANGES))

    assert found[0] == "before"
    assert len(found) > 8
    assert data.names() - {"warehouse.duckdb"} == {
        "product_health.duckdb",
        "product_health.20261123T090500Z.duckdb",
        "product_health.20261123T100500Z.duckdb",
    }


def test_killed_at_any_rename_it_leaves_whole_parquet_folders(
    data: Data, processes: ForkServerContext
) -> None:
    parquet = data.folder / "parquet"
    data.publish("before", keep=2, parquet_folder=parquet)
    tables = {file.name for file in (parquet / "current").iterdir()}

    for _ in kill_at_every_step(data, processes, ("os.rename", "os.link", "os.symlink")):
        assert {file.name for file in (parquet / "current").iterdir()} == tables

    assert {path.name for path in parquet.iterdir()} == {
        "current",
        "20261123T090500Z",
        "20261123T100500Z",
    }


def test_killed_at_random_moments_it_leaves_one_whole_publication(
    data: Data, processes: ForkServerContext
) -> None:
    data.publish("before")
    began = monotonic()
    data.publish("before")
    duration = monotonic() - began
    chance = random.Random(6)
    known = {"before"}
    for attempt in range(8):
        known.add(f"attempt-{attempt}")
        publisher = processes.Process(
            target=publish_for_ever, args=(data.folder, f"attempt-{attempt}")
        )
        publisher.start()
        publisher.join(timeout=duration * chance.uniform(0.5, 3))
        publisher.kill()
        publisher.join()
        assert publisher.exitcode == -signal.SIGKILL
        assert verify(data.target).run_id in known

    data.publish("after", hours=99)
    assert verify(data.target).run_id == "after"
    assert not list(data.folder.glob("*.tmp"))


def publish_with_little_room(folder: Path, limit: int, messages: SimpleQueue[str]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        Data(folder).publish("too large", hours=1, parquet_folder=folder / "parquet")
    except PublishError as error:
        messages.put(str(error))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9])
def test_without_room_the_old_file_stays_and_the_message_names_it_and_the_way_out(
    data: Data, processes: ForkServerContext, share: float
) -> None:
    size = data.publish().size_bytes
    before = data.target.read_bytes()
    messages: SimpleQueue[str] = processes.SimpleQueue()

    publisher = processes.Process(
        target=publish_with_little_room, args=(data.folder, int(size * share), messages)
    )
    publisher.start()
    publisher.join()

    assert publisher.exitcode == 0
    message = messages.get()
    assert "File too large" in message
    assert f"cannot replace {data.target}" in message
    assert "product_health.duckdb is as it was" in message
    assert "bytes free" in message
    assert "\n" not in message
    assert data.target.read_bytes() == before
    assert data.names() <= {"warehouse.duckdb", "product_health.duckdb", "parquet"}


def test_two_publishers_wait_for_each_other(data: Data, processes: ForkServerContext) -> None:
    publishers = [
        processes.Process(target=data.publish, args=(f"publisher-{hour}", hour))
        for hour in range(3)
    ]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()

    assert [publisher.exitcode for publisher in publishers] == [0, 0, 0]
    assert verify(data.target).run_id.startswith("publisher-")
    assert len(list(data.folder.glob("product_health*"))) == 3
