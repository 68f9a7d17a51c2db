"""One run of a job in a process of its own: `python -m pipelines.run_job sync_sentry`.

Its lines are Dagster's and dbt's; what went wrong it leaves in one message in the progress file, and says by its exit
code whether anything did.
"""

from __future__ import annotations

import sys

import dagster as dg

from pipelines.child_process import end_with_parent
from pipelines.definitions import defs
from pipelines.progress import write_progress
from pipelines.settings import read_settings

# Under which the UI files the runs of this code location, so that its pages show those from a terminal too.
LOCATION = {".dagster/repository": "__repository__@pipelines.definitions"}
_OF_DBT = "Errors parsed from dbt logs:"


def main() -> int:
    """Return 0, or 1 after a failure."""
    end_with_parent()
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(sys.argv[1]).execute_in_process(
            instance=instance, raise_on_error=False, tags=LOCATION
        )
    failure = None if result.success else failure_of(result)
    write_progress(read_settings().progress, step="done", run_id=result.run_id, failure=failure)
    return 0 if result.success else 1


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """Return the one message of a failed run: that of the step that failed, as the error gives it to people."""
    for event in result.all_events:
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
