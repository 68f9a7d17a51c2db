"""One run at a time, by a lock that ends with its process."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse import attach
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.lock import holder, run_lock


def hold(warehouse: Path, held: Event) -> None:
    with run_lock(warehouse, "run 1"), duckdb.connect(str(warehouse)):
        held.set()
        Event(ctx=multiprocessing.get_context()).wait()


def test_a_second_run_is_refused_with_what_is_under_way_and_a_kill_frees_the_lock(
    tmp_path: Path,
) -> None:
    warehouse = tmp_path / "new" / "warehouse.duckdb"
    context = multiprocessing.get_context("forkserver")
    assert holder(warehouse) is None
    held = context.Event()
    process = context.Process(target=hold, args=(warehouse, held))
    process.start()
    assert held.wait(60)

    assert holder(warehouse) == "run 1"
    with pytest.raises(WarehouseError, match="run 1") as refused, run_lock(warehouse, "run 2"):
        pass
    assert str(warehouse.parent) in str(refused.value)

    process.kill()
    process.join()
    assert holder(warehouse) is None
    with run_lock(warehouse, "run 2"):
        assert holder(warehouse) == "run 2"
    assert holder(warehouse) is None


def test_a_warehouse_that_another_program_keeps_open_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach, "_WAIT", 0.2)
    warehouse = tmp_path / "warehouse.duckdb"
    context = multiprocessing.get_context("forkserver")
    held = context.Event()
    process = context.Process(target=hold, args=(warehouse, held))
    process.start()
    assert held.wait(60)
    try:
        with pytest.raises(WarehouseError, match="open in another program"):
            attach.connect(warehouse)
    finally:
        process.kill()
        process.join()
    attach.connect(warehouse).close()
