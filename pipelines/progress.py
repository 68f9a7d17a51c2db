"""What a run is doing now: one small file that it keeps up to date, for whoever watches."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_EVERY = 0.5  # seconds


def write_progress(path: Path, **facts: Any) -> None:
    """Replace what the file says; a full disk is no reason to stop."""
    content = json.dumps(facts).encode()
    draft = path.with_name(f"{path.name}.tmp")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError:
        # The file that is there needs no room.
        with suppress(OSError), path.open("r+b") as file:
            file.write(content)
            file.truncate()


def read_progress(path: Path) -> dict[str, Any]:
    """Return what the file says, nothing if there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


@contextmanager
def sampled_progress(path: Path, sample: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Write what `sample` returns twice a second for the time of the block."""
    done = threading.Event()

    def keep_up() -> None:
        while not done.is_set():
            write_progress(path, **sample())
            done.wait(_EVERY)

    thread = threading.Thread(target=keep_up, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
