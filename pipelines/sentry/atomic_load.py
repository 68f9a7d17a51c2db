"""A load that a killed process cannot leave half done.

dlt merges table by table, each in its own transaction. Killed in between, the warehouse would hold new issues beside
old activities, and the next sync could no longer see what changed. So the file is copied first, and put back when
the load did not end well: at once after an error, at the next start after a kill. Copying 300 MB takes about 0.3 s,
and as much disk as the warehouse for the time of the load.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.sentry.errors import StorageError, chain

# The last: a limit on the size of files.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def backup_path(warehouse: Path) -> Path:
    """Return where the copy lies while a load is under way."""
    return warehouse.with_name(f"{warehouse.name}.before-load")


def restore_after_kill(warehouse: Path) -> bool:
    """Put the copy back if a load was cut off; returns whether it was."""
    backup = backup_path(warehouse)
    if not backup.exists():
        return False
    # The write-ahead log belongs to the half-loaded file.
    warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
    os.replace(backup, warehouse)
    return True


@contextmanager
def whole_load(warehouse: Path) -> Iterator[None]:
    """Run the block's writes to the warehouse all or not at all; StorageError when the disk is full."""
    try:
        restore_after_kill(warehouse)
        _copy(warehouse)
        yield
    except BaseException as error:
        restore_after_kill(warehouse)
        if _is_out_of_room(error):
            raise StorageError(
                f"There is no room left on the disk of {warehouse.parent}. A load needs twice the space of "
                f"{warehouse.name} for a moment. The warehouse is as it was; make room and run again."
            ) from error
        raise
    backup_path(warehouse).unlink()


def _copy(warehouse: Path) -> None:
    backup = backup_path(warehouse)
    if not warehouse.exists():
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        duckdb.connect(str(warehouse)).close()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("checkpoint")
    unfinished = backup.with_name(f"{backup.name}.tmp")
    try:
        shutil.copyfile(warehouse, unfinished)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    os.replace(unfinished, backup)


def _is_out_of_room(error: BaseException) -> bool:
    """Tell by any exception of the chain; DuckDB's and dlt's have the reason in their text only."""
    return any(
        (isinstance(each, OSError) and each.errno in _NO_ROOM)
        or any(os.strerror(number) in str(each) for number in _NO_ROOM)
        for each in chain(error)
    )
