"""Runs that Dagster takes for alive and are not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import run_failures
from pipelines.settings import Settings


@dg.job
def sync() -> None:
    """A run of it is noted, and never started."""


@pytest.mark.parametrize(
    ("may_take", "status"),
    [
        (timedelta(minutes=5), dg.DagsterRunStatus.NOT_STARTED),
        (timedelta(0), dg.DagsterRunStatus.FAILURE),
    ],
)
def test_a_run_that_was_killed_before_its_start_does_not_wait_for_ever(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    may_take: timedelta,
    status: dg.DagsterRunStatus,
) -> None:
    monkeypatch.setattr(run_failures, "_START", may_take)
    monkeypatch.setattr(run_failures, "_ENDING", 0)
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(sync)
        run_failures.fail_dead_runs(instance, Settings(data_dir=tmp_path))
        assert instance.get_run_by_id(run.run_id).status == status
