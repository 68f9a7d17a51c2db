"""A backup put back: into an empty folder, or over what is there, which is kept aside."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipelines import run_storage
from pipelines.backup.contents import SEEDS, catalog_files
from pipelines.backup.copying import copy
from pipelines.backup.manifest import (
    Backup,
    BackupError,
    backups,
    changed_file,
    label,
    read_backup,
    unused_time,
)
from pipelines.notify.delivery import utc_now
from pipelines.notify.evaluation import begin_anew
from pipelines.publish import parquet, verify, versions
from pipelines.settings import Settings
from pipelines.warehouse.lock import run_lock
from pipelines.warehouse.version import require_known_format

_ASIDE = "before-restore-"
# What DuckDB and SQLite keep beside a file, and would take for the restored one's.
_LOGS = (".wal", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Restored:
    """The backup that was put back, and the folder in which lies what it replaced, None if there was nothing."""

    backup: Backup
    aside: Path | None


def restore(settings: Settings, which: str | None = None) -> Restored:
    """Put a backup back: `which` is its label or its folder, by default the newest.

    Everything is checked and copied before anything is replaced. Raises BackupError where there is no such backup or it
    is damaged, WarehouseError while a run is under way or where a newer version wrote it; nothing is changed then.
    Whoever else uses Dagster's storage has to be stopped before.
    """
    backup = _find(settings.backups, which)
    if changed := changed_file(backup):
        raise BackupError(
            f"The backup {backup.folder} is damaged: {changed} is missing or not as it was. Nothing was changed. "
            f"{_choices(settings.backups)}"
        )
    draft = settings.data / "restore.tmp"
    try:
        with run_lock(settings.warehouse, f"a restore, process {os.getpid()}"):
            try:
                shutil.rmtree(draft, ignore_errors=True)
                copy({name: backup.folder / name for name in backup.files}, draft)
                if (draft / settings.warehouse.name).exists():
                    require_known_format(draft / settings.warehouse.name)
                for path in draft.glob(f"{settings.published.stem}*"):
                    path.chmod(settings.published_mode)
                _keep_what_was_told(settings, draft)
                aside = _switch(settings, draft)
                _export_parquet(settings)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise BackupError(
            f"{backup.folder} could not be put back: {error.strerror or error}. What was there is in "
            f"{settings.data} and in its folders {_ASIDE}*; mend the cause and run it again."
        ) from error
    return Restored(backup, aside)


def _find(folder: Path, which: str | None) -> Backup:
    if which and Path(which).is_dir():
        return read_backup(Path(which))
    found = [each for each in backups(folder) if which in (None, each.label)]
    if not found:
        wanted = f"no backup {which}" if which else "no backup"
        raise BackupError(f"There is {wanted} in {folder}. {_choices(folder)}")
    return found[0]


def _choices(folder: Path) -> str:
    labels = ", ".join(each.label for each in backups(folder))
    return f"There are: {labels}." if labels else "`make backup` makes one."


def _keep_what_was_told(settings: Settings, draft: Path) -> None:
    """Let the present record of the notifications go on: it knows what has been sent since the backup.

    Where there is none that can be read, the restored one takes for told what has begun until now.
    """
    present = settings.notify_state
    if present.exists() and run_storage.damage(present) is None:
        copy({present.name: present}, draft)
    elif (draft / present.name).exists():
        begin_anew(draft / present.name, settings.umask, utc_now())


def _switch(settings: Settings, draft: Path) -> Path | None:
    """Put the present aside and the draft in its place; returns the folder aside, None if there was no present."""
    aside = settings.data / f"{_ASIDE}{label(unused_time(settings.data, _ASIDE))}"
    (aside / SEEDS).mkdir(parents=True)
    has_storage = (draft / settings.dagster_home.name).is_dir()
    for present in catalog_files(settings):
        shutil.copy2(present, aside / SEEDS)
    for present in _present(settings):
        if present == settings.dagster_home and has_storage:
            present.rename(aside / present.name)
        elif present.is_file():
            os.link(present, aside / present.name)
    # A log beside the warehouse would be taken for the restored one's, a publication that is not in the backup for a
    # later one.
    for present in _present(settings):
        if present.is_file() and not (draft / present.name).exists():
            present.unlink()
    for entry in draft.iterdir():
        if entry.name != SEEDS:
            os.replace(entry, settings.data / entry.name)
    if (draft / SEEDS).is_dir():
        _switch_seeds(settings, draft / SEEDS)
    os.sync()
    if any(path.is_file() for path in aside.rglob("*")):
        return aside
    shutil.rmtree(aside)
    return None


def _present(settings: Settings) -> list[Path]:
    """Return what a backup replaces in DATA_DIR: files, and the folder of Dagster's storage."""
    files = [settings.warehouse, settings.published, settings.notify_state]
    logs = [path.with_name(f"{path.name}{end}") for path in files for end in _LOGS]
    every = [*logs, *files, *versions.kept(settings.published), settings.dagster_home]
    return [path for path in every if path.exists()]


def _switch_seeds(settings: Settings, restored: Path) -> None:
    settings.seeds.mkdir(parents=True, exist_ok=True)
    for present in catalog_files(settings):
        if not (restored / present.name).exists():
            present.unlink()
    for path in restored.iterdir():
        beside = settings.seeds / f".{path.name}.tmp"
        shutil.copy2(path, beside)
        os.replace(beside, settings.seeds / path.name)


def _export_parquet(settings: Settings) -> None:
    """Write the Parquet files, which no backup holds, from the published file."""
    if settings.parquet and settings.published.exists():
        publication = verify(settings.published)
        parquet.export(publication, settings.published, settings.parquet, settings.published_mode)
        parquet.point_to(publication, settings.parquet)
