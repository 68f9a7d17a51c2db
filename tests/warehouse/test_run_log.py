"""The run log: what it says of a run that goes well, fails, or is killed at the worst moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

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


def test_the_warehouse_and_the_published_file_tell_the_same_of_a_finished_run(data: Data) -> None:
    data.publish()
    run_log.finish_run(data.warehouse, data.target)

    assert log(data, "* exclude (host_started_at)") == data.query("from marts.sync_runs")


def test_a_run_is_the_sum_of_its_organizations(tmp_path: Path) -> None:
    data = Data(tmp_path)
    begin(data, "run-1")
    data.change("create schema raw_sentry")
    data.change(
        """
        create table raw_sentry.organization_syncs as
        from (
            values
            ('run-0', 'acme', 'full', 'complete', null, 9, 9, 9, 9.0, 9, 9, 9),
            ('run-1', 'initech', 'full', 'failed', 'HTTP 500', 1, 0, 4, 0.5, 0, 0, 0),
            ('run-1', 'acme', 'incremental', 'complete', null, 20, 15, 2, 1.5, 7, 5, 3),
            ('run-1', 'globex', 'full', 'failed', 'HTTP 403', 1, 0, 0, 0.0, 0, 0, 0)
        ) as syncs(
            run_id, organization_slug, mode, status, failure, requests, pages, retries,
            seconds_rate_limited, issues_new, issues_changed, issues_vanished
        )
        """
    )

    run_log.record_extraction(data.warehouse, "run-1")

    assert log(data, "mode, organizations, failed_organizations, failures") == [
        ("incremental", 3, 2, "globex: HTTP 403; initech: HTTP 500")
    ]
    assert log(data, "requests, pages, retries, seconds_rate_limited") == [(22, 15, 6, 2.0)]
    assert log(data, "issues_new, issues_changed, issues_vanished, issues_upserted") == [
        (7, 5, 3, 12)
    ]


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
