"""A process that must not outlive the one that started it: it would go on writing the warehouse beside the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

_POLL = 0.5  # seconds


def end_with_parent(*, with_group: bool = False) -> None:
    """Have this process, or all of its group, killed when its parent has ended, however that ended."""
    threading.Thread(target=_watch, args=(os.getppid(), with_group), daemon=True).start()


def _watch(parent: int, with_group: bool) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    if with_group:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent(with_group=True)
    sys.exit(subprocess.call(sys.argv[1:]))
