"""Runs of Dagster's that failed: why, in words for people; those that were killed; and those that take too long."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.events import RunFailureReason

from pipelines.notify.failures import KILLED, tell_failed_run
from pipelines.progress import write_progress
from pipelines.settings import Settings
from pipelines.warehouse.lock import holder

log = logging.getLogger(__name__)

# On every run that has held the warehouse: which one, since an instance may have runs of others. Hidden in the UI.
WAREHOUSE_TAG = ".dagster/sentry_by_product/warehouse"
IN_PROGRESS = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# A run lets go of the warehouse a moment before Dagster notes how it ended.
_ENDING = 3.0  # seconds
# What may lie between Dagster's noting a run and its start; for runs that a daemon starts, dagster.yaml says the same.
_START = timedelta(minutes=5)
# What it may take to note and to tell that a run takes too long.
_LAST_WORDS = 90.0  # seconds
_OF_DBT = "Errors parsed from dbt logs:"
# Dagster's own words where it knows nothing.
_NO_REASON = "marked as failed from outside"


def failure_of(events: Iterable[dg.DagsterEvent]) -> str:
    """Return the one message of a failed run: that of the step that failed, as the error gives it to people."""
    message = None
    for event in events:
        data = event.event_specific_data
        error = getattr(data, "error", None)
        if not event.is_failure:
            continue
        if error is None or _was_interrupted(data):
            message = event.message
            continue
        user_failure = getattr(data, "user_failure_data", None)
        if user_failure and user_failure.description:
            return str(user_failure.description)
        while error.cause is not None:
            error = error.cause
        return _plain(error.message)
    return message if message and _NO_REASON not in message else KILLED


def _was_interrupted(data: object) -> bool:
    return getattr(data, "failure_reason", None) is RunFailureReason.UNEXPECTED_TERMINATION


def _plain(message: str) -> str:
    """Return an exception's message without its class, and of dbt's only the errors."""
    if _OF_DBT in message:
        return message.partition(_OF_DBT)[2].strip()
    name, _, text = message.strip().partition(": ")
    return text if "." in name and " " not in name and text else message.strip()


def fail_dead_runs(
    instance: dg.DagsterInstance, settings: Settings, holding: str | None = None
) -> None:
    """Mark as failed, and tell, what Dagster takes for running and is not.

    A run that has held the warehouse and does not hold it now has ended. `holding`: the run that holds it and asks.
    """
    if not _in_progress(instance, settings, holding):
        return
    if holding is None and holder(settings.warehouse):
        return
    time.sleep(_ENDING)
    for run in _in_progress(instance, settings, holding):
        log.warning("Run %s was killed; it is marked as failed.", run.run_id)
        instance.report_run_failed(run, KILLED)
        tell_failed_run(settings, run.job_name, run.run_id, KILLED)


def _in_progress(
    instance: dg.DagsterInstance, settings: Settings, holding: str | None
) -> list[dg.DagsterRun]:
    ours = dg.RunsFilter(statuses=IN_PROGRESS, tags={WAREHOUSE_TAG: str(settings.warehouse)})
    # Its process ended between noting the run and starting it.
    never_started = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.NOT_STARTED],
        created_before=datetime.now(UTC) - _START,
    )
    runs = [*instance.get_runs(ours), *instance.get_runs(never_started)]
    return [run for run in runs if run.run_id != holding]


@contextmanager
def ended_in_time(
    instance: dg.DagsterInstance | None, settings: Settings, run_id: str
) -> Iterator[None]:
    """End this process if the block takes longer than `RUN_TIMEOUT_HOURS`; what was loaded in full stays."""
    timer = threading.Timer(
        settings.run_timeout_hours * 3600, _end, args=(instance, settings, run_id)
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(instance: dg.DagsterInstance | None, settings: Settings, run_id: str) -> None:
    # Also where saying so takes for ever.
    threading.Timer(_LAST_WORDS, os._exit, args=(1,)).start()
    reason = (
        f"It took longer than {settings.run_timeout_hours:g} hours and was ended (RUN_TIMEOUT_HOURS). "
        "What it had loaded in full is in the warehouse; the next sync goes on from there."
    )
    try:
        log.error("Run %s: %s", run_id, reason)
        job = "a run"
        if instance and (run := instance.get_run_by_id(run_id)):
            job = run.job_name
            instance.report_run_failed(run, reason)
        tell_failed_run(settings, job, run_id, reason)
    finally:
        write_progress(settings.progress, step="done", run_id=run_id, failure=reason)
        # No `finally` of the run may still write: a kill is what every step withstands.
        os._exit(1)
