"""One run of a job in a process of its own: `python -m pipelines.run_job sync_sentry`.

Its lines are Dagster's and dbt's; what went wrong it leaves in one message in the progress file, and says by its exit
code whether anything did.
"""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from sqlalchemy.exc import SQLAlchemyError

from pipelines import run_storage
from pipelines.child_process import end_with_parent
from pipelines.definitions import defs
from pipelines.notify.failures import tell_failed_run
from pipelines.progress import write_progress
from pipelines.run_failures import failure_of
from pipelines.settings import Settings, read_settings

# The code location as `dagster dev` names it: its timeline shows the runs from a terminal, too.
LOCATION = RemoteRepositoryOrigin(
    RegisteredCodeLocationOrigin("pipelines.definitions"), "__repository__"
)


def main() -> int:
    """Return 0, or 1 after a failure."""
    end_with_parent()
    settings = read_settings()
    run_id, failure = _execute(settings, sys.argv[1])
    if failure is not None:
        tell_failed_run(settings, sys.argv[1], run_id, failure)
    write_progress(settings.progress, step="done", run_id=run_id, failure=failure)
    return 0 if failure is None else 1


def _execute(settings: Settings, name: str) -> tuple[str | None, str | None]:
    """Run the job; returns the id of the run and why it failed, None if it did not."""
    run_id, job = None, defs.resolve_job_def(name)
    try:
        with dg.DagsterInstance.get() as instance:
            run = instance.create_run_for_job(
                job, remote_job_origin=RemoteJobOrigin(LOCATION, job.name)
            )
            run_id = run.run_id
            events = list(execute_run_iterator(InMemoryJob(job), run, instance))
    except Exception as error:
        damaged = next(run_storage.damages(settings.dagster_home), None)
        if damaged is None and not isinstance(error, OSError | SQLAlchemyError):
            raise
        with suppress(OSError):  # The log is on the same disk.
            traceback.print_exc()
        if damaged is not None:
            return run_id, run_storage.explanation(settings.dagster_home, *damaged)
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        return run_id, (
            f"Dagster's storage in {settings.dagster_home} cannot be used: {reason}. "
            "`make doctor` says whether its disk or its server is at fault."
        )
    return run_id, failure_of(events) if any(event.is_failure for event in events) else None


if __name__ == "__main__":
    sys.exit(main())
