"""What a backup holds, file by file, and whether it still does.

A backup is a folder named by the time at which it was made, `20261125T160000Z`, with `backup.json` in it. It has that
name only once it is complete and verified.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

MANIFEST = "backup.json"


class BackupError(Exception):
    """No backup was made or put back; the message says why, what to do, and what is as it was."""


@dataclass(frozen=True)
class Backup:
    """One backup. `created_at` is naive UTC by this machine's clock; `files`: name -> SHA-256 in hex."""

    folder: Path
    created_at: datetime
    files: dict[str, str]
    size_bytes: int

    @property
    def label(self) -> str:
        """The time at which it was made, as its folder is called."""
        return label(self.created_at)


def label(moment: datetime) -> str:
    """Return the name of the backup of that time."""
    return f"{moment:%Y%m%dT%H%M%SZ}"


def unused_time(folder: Path, prefix: str = "") -> datetime:
    """Return the time now (naive UTC, whole seconds), as soon as nothing in the folder is named by it."""
    while (folder / f"{prefix}{label(moment := now())}").exists():
        time.sleep(0.1)
    return moment


def now() -> datetime:
    """Return this machine's time in naive UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def write_manifest(folder: Path, created_at: datetime) -> None:
    """Note every file of the folder with its hash."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    manifest = {
        "created_at": created_at.isoformat(),
        "files": {name: _hash(folder / name) for name in names},
        "size_bytes": sum((folder / name).stat().st_size for name in names),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def read_backup(folder: Path) -> Backup:
    """Return the backup in the folder; BackupError where there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        created_at = datetime.fromisoformat(found["created_at"])
        return Backup(folder, created_at, dict(found["files"]), int(found["size_bytes"]))
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup: it has no {MANIFEST}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read: {error}.") from None


def backups(folder: Path) -> list[Backup]:
    """Return the complete backups in the folder, newest first."""
    found = sorted(folder.glob("[0-9]*T*Z"), reverse=True)
    return [read_backup(path) for path in found if (path / MANIFEST).exists()]


def changed_file(backup: Backup) -> str | None:
    """Return the name of a file that is missing or not as it was when the backup was made, None if all are."""
    for name, known in backup.files.items():
        path = backup.folder / name
        if not path.is_file() or _hash(path) != known:
            return name
    return None


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
