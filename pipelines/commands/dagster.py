"""Dagster, started in the right folder with the right environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from pipelines import models, run_storage
from pipelines.commands import dagster_storage
from pipelines.settings import Settings, SettingsError

# Process group -> when it was asked to end.
_ENDING: dict[int, float] = {}


def dev(settings: Settings, port: int) -> int:
    """Open the Dagster UI on 127.0.0.1: schedule, lineage, checks.

    Raises SettingsError where the port is taken.
    """
    return serve(settings, port, os.environ)


def webserver(settings: Settings, host: str, port: int, is_read_only: bool) -> None:
    """Serve the Dagster UI alone, in the foreground: for a supervisor, beside `daemon`. `make dev` is both."""
    read_only = ["--read-only"] if is_read_only else []
    _become(settings, "pipelines.webserver", "-h", host, "-p", str(port), *read_only)


def daemon(settings: Settings) -> None:
    """Run Dagster's daemon alone, in the foreground: the schedule and the sensors, for a supervisor."""
    _become(settings, "dagster._daemon", "run")


def _become(settings: Settings, module: str, *arguments: str) -> None:
    """Replace this process, so that the supervisor's signals reach Dagster itself."""
    variables = environment(settings, os.environ)
    # Not in a folder where a `.env` is: Dagster would let that replace the environment.
    os.chdir(settings.dagster_home)
    command = [sys.executable, "-m", module, *arguments, "-m", "pipelines.definitions"]
    os.execve(sys.executable, command, variables)  # noqa: S606 - our own program, no shell


def serve(settings: Settings, port: int, base: Mapping[str, str]) -> int:
    """Serve the UI until Ctrl-C, SIGTERM or the end of the terminal; nothing that it started is left then."""
    require_free(port)
    print(f"Dagster is starting on http://127.0.0.1:{port}. Stop with Ctrl-C.", flush=True)
    arguments = ["-h", "127.0.0.1", "-p", str(port), "-m", "pipelines.definitions"]
    variables = environment(settings, base)
    # Where it is ignored, as in a shell's background, Dagster's processes would not end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.dagster_dev", *arguments],
        env=variables,
        # Not in a folder where a `.env` is: Dagster would let that replace the environment.
        cwd=settings.dagster_home,
        start_new_session=True,
    )
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: _end(process.pid, signal.SIGINT))
    try:
        return _wait(process)
    finally:
        _end(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code; once it was asked to end, it has three seconds."""
    while process.poll() is None:
        time.sleep(0.1)
        if process.pid in _ENDING and time.monotonic() > _ENDING[process.pid] + 3:
            return 0
    return 0 if process.pid in _ENDING else process.returncode


def _end(group: int, kind: signal.Signals) -> None:
    _ENDING.setdefault(group, time.monotonic())
    with suppress(ProcessLookupError):
        os.killpg(group, kind)


def environment(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a Dagster process; its folder is made and the models are parsed meanwhile.

    Raises RunStorageError where Dagster could not start on what lies there.
    """
    os.umask(settings.umask)
    home, configuration = settings.dagster_home, dagster_storage.configuration(settings)
    with writable(settings):
        home.mkdir(parents=True, exist_ok=True)
        # In one move: a full disk must not leave half of it. And always: it shows that something can be written.
        draft = home / "dagster.yaml.tmp"
        draft.write_bytes(configuration)
        os.replace(draft, home / "dagster.yaml")
    dagster_storage.require_reachable(settings)
    run_storage.require_whole(home)
    models.manifest()
    return {**base, "DAGSTER_HOME": str(home), **dagster_storage.variables(settings)}


@contextmanager
def writable(settings: Settings) -> Iterator[None]:
    """Raise SettingsError, with what to do, where the data folder refuses what the block writes."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"DATA_DIR {settings.data} cannot be written: {error.strerror}. Make room there, give this user the "
            "right to write, or set another DATA_DIR."
        ) from None


def require_free(port: int) -> None:
    """Raise SettingsError if something listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SettingsError(
                f"Port {port} is in use. Stop what runs there, or choose another: PORT={port + 1}."
            ) from None
