"""One run of a job in a process of its own: `python -m pipelines.run_job sync_sentry`.

Its lines are Dagster's and dbt's; what went wrong it leaves in one message in the progress file, and says by its exit
code whether anything did.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from pipelines import run_storage
from pipelines.child_process import end_with_parent
from pipelines.definitions import defs
from pipelines.progress import write_progress
from pipelines.settings import read_settings

# The code location as `dagster dev` names it: its timeline shows the runs from a terminal, too.
LOCATION = RemoteRepositoryOrigin(
    RegisteredCodeLocationOrigin("pipelines.definitions"), "__repository__"
)
_OF_DBT = "Errors parsed from dbt logs:"


def main() -> int:
    """Return 0, or 1 after a failure."""
    end_with_parent()
    settings = read_settings()
    try:
        run_id, failure = _execute(sys.argv[1])
    except Exception:
        damaged = next(run_storage.damages(settings.dagster_home), None)
        if damaged is None:
            raise
        run_id, failure = "", run_storage.explanation(settings.dagster_home, *damaged)
    write_progress(settings.progress, step="done", run_id=run_id, failure=failure)
    return 0 if failure is None else 1


def _execute(name: str) -> tuple[str, str | None]:
    """Run the job; returns the id of the run and why it failed, None if it did not."""
    job = defs.resolve_job_def(name)
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(
            job, remote_job_origin=RemoteJobOrigin(LOCATION, job.name)
        )
        events = list(execute_run_iterator(InMemoryJob(job), run, instance))
    has_failed = any(event.is_failure for event in events)
    return run.run_id, failure_of(events) if has_failed else None


def failure_of(events: Iterable[dg.DagsterEvent]) -> str:
    """Return the one message of a failed run: that of the step that failed, as the error gives it to people."""
    for event in events:
        data = event.event_specific_data
        error = getattr(data, "error", None)
        if not event.is_failure or error is None:
            continue
        user_failure = getattr(data, "user_failure_data", None)
        if user_failure and user_failure.description:
            return str(user_failure.description)
        while error.cause is not None:
            error = error.cause
        return _plain(error.message)
    return "The run failed without a message."


def _plain(message: str) -> str:
    """Return an exception's message without its class, and of dbt's only the errors."""
    if _OF_DBT in message:
        return message.partition(_OF_DBT)[2].strip()
    name, _, text = message.strip().partition(": ")
    return text if "." in name and " " not in name and text else message.strip()


if __name__ == "__main__":
    sys.exit(main())
