"""A backup made: everything copied while no run writes, read in full, and only then given its name."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines import run_storage
from pipelines.backup.contents import contents
from pipelines.backup.copying import copy
from pipelines.backup.manifest import (
    Backup,
    BackupError,
    backups,
    label,
    read_backup,
    unused_time,
    write_manifest,
)
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect
from pipelines.warehouse.damage import explanation, unreadable
from pipelines.warehouse.lock import holder, run_lock

# A run that is under way is waited for.
LONGEST_WAIT = 3600.0  # seconds
_DRAFT = "unfinished.tmp"


def create(
    settings: Settings, say: Callable[[str], None], longest_wait: float = LONGEST_WAIT
) -> Backup:
    """Make a backup in BACKUP_DIR and return it; all but the newest BACKUP_KEEP go.

    Raises BackupError, and leaves nothing behind, where there is nothing to back up, a file is damaged, or the disk is
    full; WarehouseError where a run is still under way after `longest_wait` seconds.
    """
    if not contents(settings):
        raise BackupError(f"There is nothing to back up in {settings.data}.")
    try:
        with _draft(settings.backups) as draft:
            created_at = unused_time(settings.backups)
            _copy_all(settings, draft, say, longest_wait)
            _verify(settings, draft)
            write_manifest(draft, created_at)
            os.sync()
            made = draft.rename(settings.backups / label(created_at))
            os.sync()
            for old in backups(settings.backups)[settings.backup_keep :]:
                shutil.rmtree(old.folder)
            return read_backup(made)
    except OSError as error:
        free = shutil.disk_usage(_existing(settings.backups)).free
        raise BackupError(
            f"No backup could be made in {settings.backups}: {error.strerror or error}. Its disk has {free:,} bytes "
            "free; if that is too little, make room or set BACKUP_DIR to another disk."
        ) from error


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """Return an empty folder for the only backup that is being made; a second one waits for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    lock, draft = os.open(folder, os.O_RDONLY), folder / _DRAFT
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(draft, ignore_errors=True)  # of one that was killed
        draft.mkdir()
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(lock)


def _copy_all(
    settings: Settings, draft: Path, say: Callable[[str], None], longest_wait: float
) -> None:
    if at_work := holder(settings.warehouse):
        say(f"Waiting until {at_work} has ended, for {longest_wait / 60:.0f} minutes at most.")
    with run_lock(settings.warehouse, f"a backup, process {os.getpid()}", longest_wait):
        started = time.monotonic()
        if settings.warehouse.exists():
            # What a killed run left beside the file goes into it.
            with connect(settings.warehouse) as db:
                db.execute("checkpoint")
        files = contents(settings)
        of_runs = {name for name in files if name.startswith(f"{settings.dagster_home.name}/")}
        copy({name: path for name, path in files.items() if name not in of_runs}, draft)
    say(
        f"Warehouse, publications and CSVs are copied; runs were kept out for {time.monotonic() - started:.1f} s."
    )
    # These are many, and may be written meanwhile.
    copy({name: files[name] for name in of_runs}, draft)


def _verify(settings: Settings, draft: Path) -> None:
    """Read every database in full; BackupError names the one that cannot be."""
    for path in draft.rglob("*"):
        name = path.relative_to(draft)
        if path.suffix == ".duckdb":
            reason = unreadable(path)
        elif path.is_file() and run_storage.is_sqlite(path):
            try:
                # Immutable, so that no file is left beside.
                reason = run_storage.damage(path, "mode=ro&immutable=1")
            except sqlite3.OperationalError as error:
                reason = str(error)
        else:
            continue
        if reason:
            found = f"{settings.data / name} is damaged ({reason}); `make doctor` says what to do."
            if path.name == settings.warehouse.name:
                found = explanation(settings.warehouse, reason)
            raise BackupError(f"No backup was made, earlier ones are as they were. {found}")


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
