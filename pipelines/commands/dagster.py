"""Dagster, started in the right folder with the right environment: `sync` runs the job once, `dev` opens the UI."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from pipelines import models
from pipelines.settings import ROOT, Settings, SettingsError

JOB = ["job", "execute", "-m", "pipelines.definitions", "-j", "sync_sentry"]


def sync(settings: Settings) -> None:
    """Become one run of `sync_sentry`."""
    become(settings, JOB, os.environ)


def dev(settings: Settings, port: int) -> None:
    """Become the Dagster UI on 127.0.0.1, with schedule and sensor; SettingsError where the port is taken."""
    require_free(port)
    become(settings, ui(port), os.environ)


def ui(port: int) -> list[str]:
    """Return the arguments that make Dagster serve its UI."""
    return ["dev", "-h", "127.0.0.1", "-p", str(port), "-m", "pipelines.definitions"]


def become(settings: Settings, arguments: list[str], base: Mapping[str, str]) -> None:
    """Replace this process by Dagster."""
    command, variables = prepare(settings, arguments, base)
    # Not where a `.env` is: Dagster would let that replace the environment.
    os.chdir(settings.dagster_home)
    os.execve(command[0], command, variables)  # noqa: S606 - ourselves


def prepare(
    settings: Settings, arguments: list[str], base: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of a Dagster process; its folder is made, the models are parsed."""
    os.umask(settings.umask)
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    models.manifest()
    return [sys.executable, "-m", "dagster", *arguments], {**base, "DAGSTER_HOME": str(home)}


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
