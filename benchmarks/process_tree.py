"""What a program needs with all that it starts: memory and disk at their peak, seconds."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple

_EVERY = 0.25  # seconds


class Need(NamedTuple):
    """What a run needed.

    Attributes:
        seconds: from its start to its end.
        memory: the most that its processes held at once, in MiB; shared pages count once (PSS).
        largest: the most that one of them held, in MiB.
        disk: the most that its folder held, in MB.

    """

    seconds: float
    memory: float
    largest: float
    disk: float


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Need:
    """Run the command, which works in the folder; raises CalledProcessError if it fails."""
    began, ended = monotonic(), threading.Event()
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    peak = [0.0, 0.0, 0.0]

    def watch() -> None:
        while not ended.wait(_EVERY):
            held = [_held(pid) for pid in _family(process.pid)]
            now = (sum(held) / 1024, max(held, default=0.0) / 1024, size(folder))
            peak[:] = map(max, peak, now)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    ended.set()
    watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, command)
    return Need(monotonic() - began, *peak)


def size(path: Path) -> float:
    """Return the MB of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(map(_bytes, files)) / 1e6


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except OSError:  # it is gone again
        return 0


def _family(pid: int) -> list[int]:
    """Return the process and all below it."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [int(child) for t in tasks for child in (t / "children").read_text().split()]
    except OSError:  # it has ended
        return []
    return [pid, *(each for child in children for each in _family(child))]


def _held(pid: int) -> float:
    """Return the KiB that a process holds, its share of what it has in common with others."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return float(next(line.split()[1] for line in lines if line.startswith("Pss:")))
