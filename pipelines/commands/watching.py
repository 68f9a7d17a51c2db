"""A run that somebody watches in a terminal: what it is doing now on one line, and its outcome."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from pipelines.commands.dagster import environment, writable
from pipelines.notify.failures import KILLED
from pipelines.progress import read_progress
from pipelines.settings import Settings

_LOOK = 0.25  # seconds
_LINE_EVERY = 10.0  # seconds, where there is no terminal


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the failure in one message, None if there was none.

    `was_killed`: its process could not say so itself.
    """

    failure: str | None
    was_killed: bool = False


def run_and_watch(
    console: Console, settings: Settings, job: str, base: Mapping[str, str]
) -> Outcome:
    """Run the job in a child process and show what it does; all that it logs goes to the run's log file.

    Raises SettingsError where DATA_DIR cannot be written.
    """
    variables = environment(settings, base)
    command = [sys.executable, "-m", "pipelines.run_job", job]
    with writable(settings):
        # What an earlier run has left must not be taken for this one's.
        settings.progress.unlink(missing_ok=True)
        log_file = settings.run_log.open("wb")
    # Not in a folder where a `.env` is: Dagster would let that replace the environment.
    with log_file as log:
        process = subprocess.Popen(
            command, env=variables, cwd=settings.dagster_home, stdout=log, stderr=log
        )
        try:
            _watch(console, settings, process)
        except KeyboardInterrupt:
            process.wait()
            return Outcome("It was interrupted. What was loaded in full stays.")
    found = read_progress(settings.progress)
    if "failure" not in found:
        with writable(settings):
            settings.progress.write_text("{}", encoding="utf-8")
        return Outcome(f"{KILLED} (Exit code {process.returncode}.)", was_killed=True)
    return Outcome(found["failure"])


def _watch(console: Console, settings: Settings, process: subprocess.Popen[bytes]) -> None:
    started = step_started = last_line = time.monotonic()
    step: tuple[Any, Any] = (None, None)
    with console.status("Starting ...") as status:
        while process.poll() is None:
            facts = read_progress(settings.progress)
            now = time.monotonic()
            if (facts.get("step"), facts.get("organization")) != step:
                step, step_started = (facts.get("step"), facts.get("organization")), now
            line = describe(facts, now - started, now - step_started)
            status.update(line)
            if not console.is_terminal and now - last_line >= _LINE_EVERY:
                console.print(line, markup=False, highlight=False)
                last_line = now
            time.sleep(_LOOK)


def describe(facts: Mapping[str, Any], seconds: float, step_seconds: float) -> str:
    """Return one line: where the run is, how much of it is done, how fast, and how long it may still take."""
    done, total = facts.get("done", 0), facts.get("total", 0)
    parts = [_place(facts)]
    if total and done <= total:
        parts.append(f"{done:,} of {total:,}")
    elif done:
        parts.append(f"{done:,}")
    if requests := facts.get("requests"):
        parts.append(f"{requests:,} requests, {requests / max(seconds, 1):.0f} a second")
    if (waited := facts.get("seconds_rate_limited", 0)) >= 1:
        parts.append(f"{waited:.0f} s waited for rate limits")
    if total > done > 0 and step_seconds > 2:
        left = step_seconds * (total - done) / done
        parts.append(f"about {_duration(left)} to go")
    return f"{_duration(seconds):>5}  {'; '.join(parts)}"


def _place(facts: Mapping[str, Any]) -> str:
    step = str(facts.get("step", "starting"))
    if not facts.get("organization"):
        return step
    which = (
        f" ({facts['number']} of {facts['organizations']})" if facts["organizations"] > 1 else ""
    )
    return f"{facts['organization']}{which}: {step}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
