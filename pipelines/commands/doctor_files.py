"""What lies on this machine as `make doctor` sees it: folders, disk, lock, warehouse, catalog, schedule."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import catalog
from pipelines import settings as project_settings
from pipelines.catalog.finding import counted
from pipelines.commands.diagnosis import Diagnosis, ok, problem, some_of, warning
from pipelines.settings import Settings, shortened
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.lock import holder
from pipelines.warehouse.version import FORMAT, stored_format

MB, GB = 1024**2, 1024**3
# The least that a first sync of a small Sentry takes with Dagster's logs.
SMALLEST_ROOM = 0.5 * GB


def diagnose_files(settings: Settings) -> Iterator[Diagnosis]:
    """Yield one line per subject; nothing is written."""
    yield _folder(settings.data)
    yield _room(settings)
    yield _modes(settings)
    yield from _warehouse(settings.warehouse)
    yield _catalog(settings.seeds)
    yield _schedule(settings.dagster_home)


def _folder(data: Path) -> Diagnosis:
    existing = _nearest(data)
    if not existing.is_dir():
        return problem("DATA_DIR", f"{existing} is no folder", "Set DATA_DIR to a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        return problem("DATA_DIR", f"{existing} cannot be written", "Give this user the right to.")
    is_there = "can be written" if existing == data else "is not there yet; the first sync makes it"
    return ok("DATA_DIR", f"{data} {is_there}")


def _nearest(path: Path) -> Path:
    """Return the path itself if it is there, else the folder above in which it would be made."""
    return next(each for each in (path, *path.parents) if each.exists())


def _room(settings: Settings) -> Diagnosis:
    free = shutil.disk_usage(_nearest(settings.data)).free
    size = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    text = f"{free / GB:,.1f} GB free; the warehouse has {size / MB:,.0f} MB"
    # What is published is written beside the current file, and DuckDB spills what is too large for memory.
    if free < size + SMALLEST_ROOM / 5:
        return problem("disk", text, "A sync needs as much again: make room, or move DATA_DIR.")
    if free < 2 * size + SMALLEST_ROOM:
        return warning("disk", text, "That is scarce for a full sync: make room, or move DATA_DIR.")
    return ok("disk", text)


def _modes(settings: Settings) -> Diagnosis:
    umask, data = settings.umask, settings.data
    paths = [project_settings.ENV_FILE, data, *(data.iterdir() if data.is_dir() else ())]
    modes = {
        path: stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file() or path.is_dir()
    }
    open_ones = [path for path, mode in modes.items() if mode & umask]
    if not open_ones:
        return ok("file modes", f"nothing is open beyond FILE_UMASK {settings.file_umask}")
    named = some_of([f"{shortened(path)} ({modes[path]:03o})" for path in open_ones])
    return warning(
        "file modes",
        f"open to more than FILE_UMASK {settings.file_umask} says: {named}",
        f"chmod {_chmod(umask)} each of them.",
    )


def _chmod(umask: int) -> str:
    """Return the mode that takes away what the umask does: `g-w,o-rwx`."""
    taken = {who: umask >> shift & 7 for who, shift in (("u", 6), ("g", 3), ("o", 0))}
    return ",".join(
        f"{who}-{''.join(letter for letter, bit in zip('rwx', (4, 2, 1), strict=True) if bits & bit)}"
        for who, bits in taken.items()
        if bits
    )


def _warehouse(warehouse: Path) -> Iterator[Diagnosis]:
    try:
        at_work = holder(warehouse)
    except OSError as error:
        yield problem(
            "run lock", f"cannot be read: {error.strerror}", "Give this user the right to."
        )
        return
    yield ok("run lock", f"{at_work} is at work" if at_work else "no run is under way")
    if at_work:
        yield ok("warehouse", "not looked into while a run is at work")
        return
    yield _format(warehouse)


def _format(warehouse: Path) -> Diagnosis:
    name = shortened(warehouse)
    if not warehouse.exists():
        return ok("warehouse", f"{name} is not there yet; `make sync` makes it")
    try:
        found = stored_format(warehouse)
    except WarehouseError as error:
        return problem("warehouse", str(error))
    except (duckdb.Error, OSError) as error:
        reason = str(error).partition("\n")[0]
        return problem("warehouse", f"{name} cannot be read: {reason}", "Put back a copy of it.")
    if found > FORMAT:
        text = f"{name} has format {found}, this version of the program knows {FORMAT}"
        return problem("warehouse", text, "Install the newer version again.")
    if found < FORMAT:
        return ok("warehouse", f"{name} has format {found}; the next run makes it {FORMAT}")
    return ok("warehouse", f"{name} has format {found}, as this version writes it")


def _catalog(seeds: Path) -> Diagnosis:
    checked = catalog.check(seeds)
    errors, warnings = len(checked.errors), len(checked.warnings)
    text = f"{seeds}: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    if errors:
        return problem("catalog", text, "`make check` shows each; `make init` drafts a first one.")
    return warning("catalog", text, "`make check` shows them.") if warnings else ok("catalog", text)


def _schedule(home: Path) -> Diagnosis:
    heartbeat = _heartbeat(home)
    if heartbeat is None:
        text = "Dagster's daemon is not running: no sync starts by itself"
        return warning("schedule", text, "`make dev` starts it; or let cron run `make sync`.")
    return ok("schedule", f"Dagster's daemon was alive at {heartbeat:%Y-%m-%d %H:%M} UTC")


def _heartbeat(home: Path) -> datetime | None:
    """Return when the daemon that starts scheduled runs last said that it is alive, None if that is not recent."""
    if not (home / "dagster.yaml").exists() or not (home / "history" / "runs.db").exists():
        return None
    import dagster as dg

    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            status = instance.get_daemon_statuses(["SCHEDULER"])["SCHEDULER"]
    except Exception:  # whatever its storage cannot be read for
        return None
    if not status.healthy or status.last_heartbeat is None:
        return None
    return datetime.fromtimestamp(status.last_heartbeat.timestamp, UTC)
