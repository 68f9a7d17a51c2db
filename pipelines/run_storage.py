"""Dagster's storage as files: SQLite databases of runs, events and schedules, and whether they are whole.

Nothing here starts Dagster, which ends with a traceback where one of them is damaged.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

# Those without which Dagster does not start; the others hold the events of one run each.
_ESSENTIAL = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_POSTGRES = re.compile(r"^[^#\n]*postgres", re.MULTILINE)
_WAIT = 30.0  # seconds, for a writer to end its transaction
# A full or read-only disk, or another process: nothing is wrong with what the file holds.
_NOT_OF_THE_FILE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_CANNOT_BE_READ = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}


class RunStorageError(Exception):
    """Dagster's storage is damaged: which file, and what to do."""


def is_sqlite(path: Path) -> bool:
    """Return whether the file is to be an SQLite database, by its name."""
    return path.suffix in (".db", ".sqlite")


def connect(path: Path, options: str = "mode=rw") -> sqlite3.Connection:
    """Open the database, which others may be using; it is not made where it is missing."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=_WAIT)


def is_elsewhere(home: Path) -> bool:
    """Return whether `dagster.yaml` in the folder says that runs are stored in PostgreSQL."""
    file = home / "dagster.yaml"
    return file.exists() and bool(_POSTGRES.search(file.read_text(encoding="utf-8")))


def damage(path: Path, options: str = "mode=rw") -> str | None:
    """Return what is wrong with the SQLite file, None if nothing is. Reads all of it.

    Raises sqlite3.OperationalError where it is the disk that refuses.
    """
    try:
        with closing(connect(path, options)) as db:
            (found,) = db.execute("pragma quick_check(1)").fetchone()
    except (sqlite3.DatabaseError, UnicodeError) as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _NOT_OF_THE_FILE and code not in _CANNOT_BE_READ:
            raise
        return str(error)
    return None if found == "ok" else " ".join(str(found).split())


def damages(home: Path, *, of_every_run: bool = False) -> Iterator[tuple[Path, str]]:
    """Yield the damaged ones of the files without which Dagster does not start, and what is wrong with them.

    `of_every_run`: also of those that hold the events of one run each.
    """
    essential = [home / name for name in _ESSENTIAL]
    others = sorted({*home.glob("history/runs/*.db")} - {*essential}) if of_every_run else []
    for path in [*essential, *others]:
        # An empty one is new: SQLite makes the file before it writes to it.
        if not path.exists() or not path.stat().st_size:
            continue
        with suppress(sqlite3.OperationalError):
            if found := damage(path):
                yield path, found


def require_whole(home: Path) -> None:
    """Raise RunStorageError if a file without which Dagster does not start is damaged."""
    for path, reason in damages(home):
        raise RunStorageError(explanation(home, path, reason))


def explanation(home: Path, path: Path, reason: str) -> str:
    """Return the message that the file is damaged, with the ways out and what each loses."""
    if path not in [home / name for name in _ESSENTIAL]:
        return f"{path} is damaged ({reason}). Remove it: only the events of that one past run are lost."
    return (
        f"Dagster's run storage is damaged: {path} ({reason}). Put back a backup (`make restore`). "
        f"Or move the folder {home} away and start again: the past runs in the UI, their logs and whether schedules "
        "are switched on are lost; warehouse and published data are not touched."
    )
