"""One load is all or nothing, wherever it is killed, and its number never falls."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from datetime import datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import DATASET, ISSUES, ORGANIZATION_SYNCS, PROJECTS
from pipelines.warehouse import load as loading
from pipelines.warehouse.load import load

START = datetime(2026, 11, 23, 9)


def rows(folder: Path, run: int) -> dict[str, Path]:
    """What one organization brings in its `run`th sync: an issue that stays, and one that is new."""
    projects = [{"project_id": "1", "organization_slug": "acme", "project_slug": f"api-{run}"}]
    issues = [
        {"issue_id": i, "organization_slug": "acme", "event_count": run} for i in ("0", str(run))
    ]
    syncs = [{"run_id": f"run-{run}", "organization_slug": "acme", "started_at": START}]
    files = {}
    (folder / "changes").mkdir(exist_ok=True)
    for raw, found in ((PROJECTS, projects), (ISSUES, issues), (ORGANIZATION_SYNCS, syncs)):
        files[raw.name] = folder / "changes" / f"{raw.name}.parquet"
        pq.write_table(to_arrow(raw, found), files[raw.name])
    return files


def content(warehouse: Path) -> tuple[Any, ...]:
    queries = (
        "select project_slug from raw_sentry.projects",
        "select issue_id, event_count from raw_sentry.issues order by 1",
        "select run_id from raw_sentry.organization_syncs order by 1",
    )
    with duckdb.connect(str(warehouse)) as db:
        return tuple(db.execute(query).fetchall() for query in queries)


def after(run: int, loaded: list[int]) -> tuple[Any, ...]:
    issues = [("0", run), *((str(number), number) for number in sorted(loaded))]
    return [(f"api-{run}",)], issues, [(f"run-{number}",) for number in sorted(loaded)]


class Dying:
    """A connection whose process is killed just before its `step`th statement."""

    def __init__(self, db: duckdb.DuckDBPyConnection, step: int) -> None:
        self.db, self.steps, self.step = db, itertools.count(1), step

    def __enter__(self) -> Dying:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    def register(self, *named: Any) -> None:
        self.db.register(*named)

    def unregister(self, name: str) -> None:
        self.db.unregister(name)

    def execute(self, *statement: Any) -> duckdb.DuckDBPyConnection:
        if next(self.steps) == self.step:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.db.execute(*statement)


def load_and_die(folder: Path, run: int, step: int) -> None:
    connect = loading.connect
    loading.connect = lambda path: Dying(connect(path), step)  # type: ignore[assignment]
    load(folder / "warehouse.duckdb", folder / "dlt", rows(folder, run))


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.warehouse.load"])
    return context


def test_killed_at_any_statement_it_leaves_all_or_nothing(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    load(warehouse, tmp_path / "dlt", rows(tmp_path, 1))
    loaded = [1]
    for step in range(1, 100, 4):
        run = step + 1
        process = processes.Process(target=load_and_die, args=(tmp_path, run, step))
        process.start()
        process.join()
        if process.exitcode == 0:
            loaded.append(run)
            break
        assert process.exitcode == -signal.SIGKILL
        assert content(warehouse) == after(1, loaded), f"killed at statement {step}"
    assert len(loaded) == 2  # it was killed at every moment before that
    assert step > 10
    assert content(warehouse) == after(loaded[-1], loaded)
    assert {path.name for path in tmp_path.iterdir()} == {"warehouse.duckdb", "dlt", "changes"}
    assert not list((tmp_path / "dlt").glob("scratch*"))


def test_an_older_warehouse_gets_the_columns_and_tables_that_it_lacks(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    load(warehouse, tmp_path / "dlt", rows(tmp_path, 1))
    with duckdb.connect(str(warehouse)) as db:
        db.execute(f"alter table {DATASET}.issues drop column event_count")
        db.execute(f"drop table {DATASET}.projects")

    load(warehouse, tmp_path / "dlt", rows(tmp_path, 2))

    assert content(warehouse) == (
        [("api-2",)],
        [("0", 2), ("1", None), ("2", 2)],
        [("run-1",), ("run-2",)],
    )


def test_a_host_clock_that_went_back_does_not_hide_a_load_from_the_models(
    tmp_path: Path,
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    load(warehouse, tmp_path / "dlt", rows(tmp_path, 1))
    with duckdb.connect(str(warehouse)) as db:
        db.execute(f"update {DATASET}.organization_syncs set _dlt_load_id = '9999999999.0'")

    load(warehouse, tmp_path / "dlt", rows(tmp_path, 2))

    with duckdb.connect(str(warehouse)) as db:
        found = db.execute(
            f"select min(_dlt_load_id) from {DATASET}.issues where event_count = 2"
        ).fetchone()
    assert found == ("9999999999.0",)
