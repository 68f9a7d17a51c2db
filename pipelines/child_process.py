"""A process that must not outlive the one that started it: it would go on writing the warehouse beside the next run."""

from __future__ import annotations

import os
import signal
import threading
import time

_POLL = 0.5  # seconds


def end_with_parent() -> None:
    """Have this process killed when its parent has ended, however that ended."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    os.kill(os.getpid(), signal.SIGKILL)
