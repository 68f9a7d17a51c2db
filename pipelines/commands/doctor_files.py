"""What lies on this machine as `make doctor` sees it: folders, disk, lock, warehouse, catalog, schedule."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines import catalog, environment, run_storage
from pipelines.backup import BackupError, backups
from pipelines.catalog.finding import counted
from pipelines.commands import dagster_storage
from pipelines.commands.diagnosis import Diagnosis, ok, problem, some_of, warning
from pipelines.publish import versions
from pipelines.settings import Settings, SettingsError, shortened
from pipelines.warehouse.damage import explanation, unreadable
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.lock import holder
from pipelines.warehouse.version import FORMAT, stored_format

MB, GB = 1024**2, 1024**3
# The least that a first sync of a small Sentry takes with Dagster's logs.
SMALLEST_ROOM = 0.5 * GB
CLOCK_SLACK = timedelta(minutes=2)


def diagnose_files(settings: Settings) -> Iterator[Diagnosis]:
    """Yield one line per subject; nothing is written."""
    yield _folder(settings.data)
    yield _room(settings)
    yield _modes(settings)
    yield from _warehouse(settings.warehouse)
    yield _published(settings.published)
    yield _run_storage(settings)
    yield _backups(settings.backups)
    yield _catalog(settings.seeds)
    yield _schedule(settings)


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
    paths = [environment.ENV_FILE, data, *(data.iterdir() if data.is_dir() else ())]
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
        reason = unreadable(warehouse)
    except WarehouseError as error:
        return problem("warehouse", str(error))
    except (duckdb.Error, OSError) as error:
        reason = str(error).partition("\n")[0]
    if reason:
        return problem("warehouse", explanation(name, reason))
    if found > FORMAT:
        text = f"{name} has format {found}, this version of the program knows {FORMAT}"
        return problem("warehouse", text, "Install the newer version again.")
    if found < FORMAT:
        return ok("warehouse", f"{name} has format {found}; the next run makes it {FORMAT}")
    return ok("warehouse", f"{name} has format {found}, as this version writes it")


def _published(target: Path) -> Diagnosis:
    files = [*([target] if target.exists() else []), *versions.kept(target)]
    for file in files:
        if reason := unreadable(file):
            text = f"{shortened(file)} is damaged: {reason}"
            way = "`make sync` publishes anew; `make rollback` puts an earlier one back."
            return problem("published file", text, way if file == target else "Remove it.")
    if not files:
        return ok("published file", f"{shortened(target)} is not there yet; `make sync` makes it")
    return ok("published file", f"{shortened(target)} can be read, and {len(files) - 1} kept")


def _run_storage(settings: Settings) -> Diagnosis:
    try:
        dagster_storage.require_reachable(settings)
    except SettingsError as error:
        return problem("run storage", str(error))
    home = settings.dagster_home
    if dagster_storage.variables(settings):
        return ok("run storage", "PostgreSQL, which answers")
    if run_storage.is_elsewhere(home):
        return ok("run storage", "in PostgreSQL, as dagster.yaml says")
    for path, reason in run_storage.damages(home, of_every_run=True):
        return problem("run storage", run_storage.explanation(home, path, reason))
    return ok("run storage", f"{shortened(home)} {'can be read' if home.is_dir() else 'is new'}")


def _backups(folder: Path) -> Diagnosis:
    try:
        found = backups(folder)
    except BackupError as error:
        return problem("backups", str(error), "Remove that folder.")
    if not found:
        return ok("backups", f"none in {shortened(folder)}; `make backup` makes one")
    return ok(
        "backups", f"{len(found)} in {shortened(folder)}, the newest of {found[0].created_at}"
    )


def _catalog(seeds: Path) -> Diagnosis:
    checked = catalog.check(seeds)
    errors, warnings = len(checked.errors), len(checked.warnings)
    text = f"{seeds}: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    if errors:
        return problem("catalog", text, "`make check` shows each; `make init` drafts a first one.")
    return warning("catalog", text, "`make check` shows them.") if warnings else ok("catalog", text)


def _schedule(settings: Settings) -> Diagnosis:
    """Return whether Dagster's daemon was alive lately, and whether its schedule has a future."""
    heartbeat, last_tick = _of_daemon(settings)
    if heartbeat is None:
        text = "Dagster's daemon is not running: no sync starts by itself"
        return warning("schedule", text, "`make dev` starts it; or let cron run `make sync`.")
    if last_tick and last_tick > datetime.now(UTC) + CLOCK_SLACK:
        text = f"it ticked at {last_tick:%Y-%m-%d %H:%M} UTC, which is still to come: the clock was ahead"
        return warning("schedule", text, "It ticks again after that. Until then: `make sync`.")
    return ok("schedule", f"Dagster's daemon was alive at {heartbeat:%Y-%m-%d %H:%M} UTC")


def alive_at(settings: Settings, within_seconds: float) -> datetime | None:
    """Return when Dagster's daemon last said that it is alive (UTC), None if that is longer ago."""
    heartbeat, _ = _of_daemon(settings)
    age = (datetime.now(UTC) - heartbeat).total_seconds() if heartbeat else None
    return heartbeat if age is not None and abs(age) < within_seconds else None


def _of_daemon(settings: Settings) -> tuple[datetime | None, datetime | None]:
    """Return when the daemon that starts scheduled runs was last alive, None if not lately, and its last tick."""
    if not dagster_storage.exists(settings):
        return None, None
    try:
        with dagster_storage.instance(settings) as instance:
            status = instance.get_daemon_statuses(["SCHEDULER"])["SCHEDULER"]
            ticks = [
                tick.timestamp
                for each in instance.all_instigator_state()
                for tick in instance.get_ticks(each.instigator_origin_id, each.selector_id, limit=1)
            ]
    except Exception:  # whatever its storage cannot be read for
        return None, None
    last_tick = datetime.fromtimestamp(max(ticks), UTC) if ticks else None
    if not status.healthy or status.last_heartbeat is None:
        return None, last_tick
    return datetime.fromtimestamp(status.last_heartbeat.timestamp, UTC), last_tick
