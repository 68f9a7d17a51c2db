"""Dagster, started in the right folder with the right environment."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from pipelines import models
from pipelines.settings import ROOT, Settings, SettingsError


def dev(settings: Settings, port: int) -> None:
    """Open the Dagster UI on 127.0.0.1: schedule, lineage, checks.

    Raises SettingsError where the port is taken.
    """
    require_free(port)
    variables = environment(settings, os.environ)
    # Not in a folder where a `.env` is: Dagster would let that replace the environment.
    os.chdir(settings.dagster_home)
    os.execve(sys.executable, ui(port), variables)  # noqa: S606 - ourselves


def ui(port: int) -> list[str]:
    """Return the command that serves the UI."""
    arguments = ["dev", "-h", "127.0.0.1", "-p", str(port), "-m", "pipelines.definitions"]
    return [sys.executable, "-m", "dagster", *arguments]


def environment(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a Dagster process; its folder is made and the models are parsed meanwhile."""
    os.umask(settings.umask)
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    models.manifest()
    return {**base, "DAGSTER_HOME": str(home)}


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
