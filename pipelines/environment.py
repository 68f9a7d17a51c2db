"""What the environment and `.env` say, where each value comes from, and which names there are no settings."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from pipelines import address_variables

ENV_FILE = Path(__file__).parents[1] / ".env"

# What `.env` may hold for the libraries below us.
_OF_LIBRARIES = (
    "DAGSTER_",
    "DBT_",
    "DLT_",
    "RUNTIME__",
    "HTTP_",
    "HTTPS_",
    "NO_PROXY",
    "REQUESTS_",
)
# Near enough to ours to be taken for a slip: what Sentry's own clients read, and what `deploy/compose.yaml` does.
_OF_OTHERS = frozenset(
    {
        "SENTRY_DSN",
        "SENTRY_PROJECT",
        "SENTRY_RELEASE",
        "SENTRY_ENVIRONMENT",
        "DAGSTER_POSTGRES_PASSWORD",
    }
)


def from_environment(name: str) -> str:
    """Return what the environment or `.env` holds under a name that is no setting, blank if neither does."""
    return (os.environ.get(name) or dotenv_values(ENV_FILE).get(name) or "").strip()


def source_of(name: str) -> str:
    """Return where the value of a setting comes from: `environment`, `.env` or `default`."""
    in_environment = {each.lower(): value for each, value in os.environ.items()}
    in_file = {each.lower(): value or "" for each, value in dotenv_values(ENV_FILE).items()}
    if name in in_environment:
        return (
            "environment" if in_environment[name].strip() else "default: blank in the environment"
        )
    return ".env" if in_file.get(name, "").strip() else "default"


def restore_environment(names: Collection[str]) -> None:
    """Let the environment win over `.env` where Dagster, started in the project's folder, let `.env` win.

    The names are in lower case. It replaces variables in its own process, whose children inherit them; the system
    still knows what the outermost one was given. Where there is no such record (not on Linux), Dagster's choice stays.
    """
    process, outermost = os.getpid(), 0
    with suppress(OSError, ValueError):
        while _is_dagster(proc := Path("/proc", str(process))):
            outermost = process
            process = int(proc.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    with suppress(OSError):
        given = Path("/proc", str(outermost), "environ").read_bytes() if outermost else b""
        for name, _, value in (entry.partition(b"=") for entry in given.split(b"\0")):
            if os.fsdecode(name).lower() in names:
                os.environ[os.fsdecode(name)] = os.fsdecode(value)


def _is_dagster(proc: Path) -> bool:
    words = proc.joinpath("cmdline").read_bytes().split(b"\0")
    return any(word.rpartition(b"/")[2].startswith(b"dagster") for word in words[:4])


def unknown_names(settings: Iterable[str]) -> list[str]:
    """Return a message for each name in `.env` or the environment that looks like a setting and is none."""
    ours = [name.upper() for name in settings]
    others = (*_OF_LIBRARIES, address_variables.PREFIX)
    in_file = [name for name in dotenv_values(ENV_FILE) if not name.startswith(others)]
    in_environment = [
        name
        for name in os.environ
        if name not in _OF_OTHERS
        and not name.startswith(address_variables.PREFIX)
        and _closest(name, ours, 0.8)
    ]
    return [
        f"{name} is no setting of this program; {_hint(name, ours)}"
        for name in dict.fromkeys([*in_file, *in_environment])
        if name.upper() not in ours
    ]


def _closest(name: str, ours: Iterable[str], likeness: float) -> str | None:
    return next(iter(get_close_matches(name.upper(), list(ours), 1, likeness)), None)


def _hint(name: str, ours: Iterable[str]) -> str:
    closest = _closest(name, ours, 0.6)
    return f"did you mean {closest}?" if closest else "see .env.example."
