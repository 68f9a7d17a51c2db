"""What a sync keeps in memory does not grow with the issues.

DuckDB has a limit of its own, so what counts is Python's memory and Arrow's: more than 400 bytes per issue if a step
kept the rows, several times that as Python objects. Batches are small here, so that few issues fill some.
"""

from __future__ import annotations

import gc
import multiprocessing
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
import pytest

from pipelines.fake_sentry.bulk import bulk_world
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.schema import ISSUES
from pipelines.sentry.state import stored
from pipelines.warehouse.load import load
from tests.sentry.syncing import Server, SyncedWarehouse

BYTES_PER_ISSUE = 200  # of noise; some 30 are measured
ROWS = 2048  # the smallest group of a Parquet file


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes that were in use at once."""
    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] + pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


def serve(issues: int, answer: Connection) -> None:
    with FakeSentry(bulk_world(issues, projects=4), "self-hosted") as fake_sentry:
        answer.send(fake_sentry.url)
        answer.recv()


@contextmanager
def sentry_elsewhere(issues: int) -> Iterator[Server]:
    """A Sentry in a process of its own, whose memory does not count."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(issues, theirs))
    process.start()
    yield Server(ours.recv())
    ours.send("stop")
    process.join()


def test_reading_keeps_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_BYTES_AT_ONCE", 2**16)
    monkeypatch.setattr(stored, "_ROWS_PER_GROUP", ROWS)
    few, many = 1_500, 6_000
    peaks = []
    for issues in (few, few, many):  # the first time it imports
        with sentry_elsewhere(issues) as sentry:
            folder = tmp_path / str(len(peaks))
            folder.mkdir()
            warehouse = SyncedWarehouse(folder, sentry, ["bulk-1"], {"activity_budget": 0})
            peaks.append([peak(partial(warehouse.quick_sync, full=True)) for _ in range(2)])
            assert warehouse.value("select count(*) from raw.issues") == issues

    for small, large in zip(*peaks[1:], strict=True):
        assert (large - small) / (many - few) < BYTES_PER_ISSUE, peaks


def test_loading_keeps_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dlt.config, "data_writer.buffer_max_items", 500)
    few, many = 15_000, 30_000
    peaks = []
    for issues in (few, few, many):
        file = tmp_path / f"{issues}.parquet"
        with duckdb.connect() as db:
            db.register("empty", ISSUES.schema.empty_table())
            db.execute(
                "copy (from empty union all by name select n::varchar as issue_id, 'acme' as organization_slug, "
                f"repeat(md5(n::varchar), 20) as metadata from range({issues}) as numbers(n)) "
                f"to '{file}' (format parquet, row_group_size {ROWS})"
            )
        warehouse = tmp_path / f"{len(peaks)}.duckdb"
        peaks.append(peak(partial(load, warehouse, tmp_path / "dlt", {"issues": file})))

    assert (peaks[2] - peaks[1]) / (many - few) < BYTES_PER_ISSUE, peaks


def test_a_load_finds_garbage_collection_as_usual(warehouse: SyncedWarehouse) -> None:
    """Dlt leaves the rows of a load in cycles: collected late, they are kept."""
    usual = gc.get_threshold()
    loads = warehouse.new_sync().loads()
    next(loads)
    assert gc.get_threshold() == usual
