"""Who is at work in the warehouse: one run at a time, by a lock that ends with its process, however that ended.

Nothing else keeps runs apart: neither the status of a run, which a kill leaves at `started`, nor a place in a queue.
The lock file stays when nobody holds it.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.warehouse.errors import WarehouseError

# Somebody may be looking at the lock (`holder`) at this very moment.
_WAIT = 1.0  # seconds


def lock_path(warehouse: Path) -> Path:
    """Return the file that a run holds locked."""
    return warehouse.with_name(f"{warehouse.name}.lock")


@contextmanager
def run_lock(warehouse: Path, owner: str, longest_wait: float = _WAIT) -> Iterator[None]:
    """Keep other runs out for the time of the block; `owner` is what a second run says is at work.

    Raises WarehouseError when another run is still under way after `longest_wait` seconds; by default, at once.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with lock_path(warehouse).open("a+b", buffering=0) as file:
        deadline = time.monotonic() + longest_wait
        while not _is_taken(file.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise WarehouseError(
                    f"Another run is under way in {warehouse.parent}: {_text(lock_path(warehouse))}. "
                    "Wait until it has ended, or set another DATA_DIR for this one."
                )
            time.sleep(0.02)
        try:
            with suppress(OSError):  # a full disk, of which others say more
                file.truncate(0)
                file.write(owner.encode())
            yield
        finally:
            file.truncate(0)


def holder(warehouse: Path) -> str | None:
    """Return who is at work in the warehouse now, None if nobody is."""
    try:
        with lock_path(warehouse).open(encoding="utf-8") as file:
            if _is_taken(file.fileno(), fcntl.LOCK_SH):
                return None
            return _text(lock_path(warehouse)) or "a run that is just ending"
    except FileNotFoundError:
        return None


def _is_taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
