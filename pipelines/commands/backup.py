"""`make backup` and `make restore`: copies of the whole installation, and the way back to one."""

from __future__ import annotations

import os

from pipelines import backup as backup_room
from pipelines import run_storage
from pipelines.backup import Backup, BackupError
from pipelines.commands.doctor_files import alive_at
from pipelines.settings import Settings, shortened


def backup(settings: Settings) -> int:
    """Make a copy of warehouse, publications, Dagster's storage and CSVs, also while things run.

    Raises BackupError or WarehouseError where it cannot.
    """
    os.umask(settings.umask)
    made = backup_room.create(settings, lambda line: print(line, flush=True))
    print(f"{shortened(made.folder)}: {_size(made)}. Every database in it was read in full.")
    if run_storage.is_elsewhere(settings.dagster_home):
        print("Dagster's storage is in PostgreSQL and not in it: back that up with pg_dump.")
    kept = backup_room.backups(settings.backups)
    print(f"Kept (BACKUP_KEEP): {', '.join(each.label for each in kept)}.")
    return 0


def restore(settings: Settings, backup: str | None) -> int:
    """Put a backup back; what it replaces is kept aside.

    Raises BackupError or WarehouseError, and changes nothing, where it cannot.
    """
    os.umask(settings.umask)
    if alive := alive_at(settings, within_seconds=60):
        raise BackupError(
            f"Dagster's daemon was alive at {alive:%H:%M:%S} UTC and would write what is being replaced. "
            "Stop `make dev`, or the services, wait a minute, and run it again."
        )
    done = backup_room.restore(settings, backup)
    print(f"{shortened(settings.data)} is now as it was at {done.backup.created_at} UTC.")
    if done.aside:
        print(f"What was there is in {shortened(done.aside)}: remove it when all is well.")
    if run_storage.is_elsewhere(settings.dagster_home):
        print("Dagster's storage is in PostgreSQL: restore it from its own dump.")
    print("`make doctor` looks at it; then start `make dev`, or the services, again.")
    return 0


def _size(made: Backup) -> str:
    return f"{len(made.files):,} files, {made.size_bytes / 1e6:,.1f} MB"
