"""Files copied one at a time, as their format wants it; two names of one file stay that in the copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from pipelines import run_storage
from pipelines.backup.manifest import BackupError


def copy(files: Mapping[str, Path], folder: Path) -> None:
    """Copy the files (name -> path) into the folder; one that is removed meanwhile is left out.

    Their modes are those of new files, their time stamps those of the originals: by these, publications are ordered.
    Raises BackupError for a database that is damaged.
    """
    copies: dict[tuple[int, int], Path] = {}
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            found = path.stat()
            known = copies.setdefault((found.st_dev, found.st_ino), target)
            if known is not target:
                os.link(known, target)
                continue
            if run_storage.is_sqlite(path):
                _copy_sqlite(path, target)
            else:
                shutil.copyfile(path, target)
            os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_sqlite(path: Path, target: Path) -> None:
    """Copy a database that others may be writing: what is committed, in one piece."""
    with (
        closing(run_storage.connect(path)) as source,
        closing(sqlite3.connect(target)) as copied,
    ):
        # The whole backup is written through to the disk at its end.
        copied.execute("pragma synchronous = off")
        try:
            source.backup(copied)
        except sqlite3.OperationalError as error:  # as of a full disk
            raise OSError(f"{path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise BackupError(
                f"{path} is damaged ({error}); `make doctor` says what to do."
            ) from error
