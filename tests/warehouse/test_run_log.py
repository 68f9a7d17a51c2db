"""The run log: what it says of a run that goes well, fails, or is killed at the worst moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import duckdb

from pipelines.sentry.http.session import TrafficCounts
from pipelines.warehouse import run_log
from tests.publish.data import Data, published_at
from tests.publish.sample_marts import AS_OF


def log(data: Data, columns: str = "run_id, status, finished_at") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data.warehouse), read_only=True) as db:
        return db.execute(f"select {columns} from ops.sync_runs order by started_at").fetchall()


def begin(data: Data, run_id: str, hours: int = 0) -> None:
    run_log.begin_run(
        data.warehouse, data.target, run_id=run_id, started_at=AS_OF + timedelta(hours=hours)
    )


def test_a_run_is_running_until_its_data_is_published(data: Data) -> None:
    assert log(data) == [("run-1", "running", None)]
    data.publish()
    assert log(data) == [("run-1", "running", None)]
    run_log.finish_run(data.warehouse, data.target)
    assert log(data) == [("run-1", "complete", published_at())]


def test_the_warehouse_and_the_published_file_agree_on_a_finished_run(data: Data) -> None:
    data.publish()
    run_log.finish_run(data.warehouse, data.target)

    columns = "run_id, started_at, finished_at, status, issues_total"
    assert log(data, columns) == data.query(f"select {columns} from marts.sync_runs")


def test_a_run_that_stops_before_its_data_are_published_has_failed(data: Data) -> None:
    run_log.end_run(data.warehouse, "run-1")

    assert log(data, "status, failure") == [
        ("failed", "It stopped before its data were published.")
    ]


def test_the_reason_of_a_failure_stays(data: Data) -> None:
    run_log.fail_run(data.warehouse, "run-1", "HTTP 403")
    run_log.end_run(data.warehouse, "run-1")

    assert log(data, "status, failure") == [("failed", "HTTP 403")]


def test_what_the_directory_has_cost_is_the_runs_own(data: Data) -> None:
    run_log.record_directory(data.warehouse, "run-1", TrafficCounts(5, 4, 1, 0.5))

    columns = ("requests", "pages", "retries", "seconds_rate_limited")
    assert log(data, ", ".join(f"directory_{column}" for column in columns)) == [(5, 4, 1, 0.5)]


def test_a_run_killed_on_the_way_is_failed_once_the_next_begins(data: Data) -> None:
    begin(data, "run-2", hours=3)

    assert log(data) == [("run-1", "failed", None), ("run-2", "running", None)]


def test_a_run_killed_between_publication_and_its_note_is_complete_once_the_next_begins(
    data: Data,
) -> None:
    data.publish()
    begin(data, "run-2", hours=3)

    assert log(data) == [("run-1", "complete", published_at()), ("run-2", "running", None)]


def test_a_published_file_that_cannot_be_read_does_not_stop_the_next_run(data: Data) -> None:
    data.target.write_bytes(b"something else")
    begin(data, "run-2", hours=3)

    assert log(data) == [("run-1", "failed", None), ("run-2", "running", None)]


def test_a_run_begun_twice_is_one_run(data: Data) -> None:
    begin(data, "run-1", hours=1)

    assert log(data, "run_id, started_at") == [("run-1", AS_OF + timedelta(hours=1))]


def test_a_restored_publication_does_not_change_the_log(data: Data) -> None:
    data.publish()
    run_log.finish_run(data.warehouse, data.target)
    before = log(data)
    run_log.finish_run(data.warehouse, data.target)

    assert log(data) == before


def test_sentrys_clock_goes_on_from_the_start_of_the_newest_run(data: Data) -> None:
    with duckdb.connect(str(data.warehouse)) as db:
        db.execute(
            "update ops.sync_runs set host_started_at = host_started_at - interval 90 second"
        )

    first = run_log.sentry_clock(data.warehouse)
    second = run_log.sentry_clock(data.warehouse)

    # Up to what building the warehouse and asking took.
    assert AS_OF + timedelta(seconds=90) <= first < second < AS_OF + timedelta(minutes=10)
