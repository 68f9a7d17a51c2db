"""A Python that starts at once, for what tests start: forked from one that has imported dbt and Dagster."""

from __future__ import annotations

import atexit
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from shlex import quote

HERE = Path(__file__).parent


@cache
def forked_python() -> str:
    """Return a program to be started as `python -m MODULE ...` would be.

    Each start is a process of its own with the environment, folder, umask and streams of its caller, and ends with it.
    Resource limits are not handed on, and it runs the code as it was when the first test asked for it.
    """
    # Apart from pytest's folders: the address of a socket is short.
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    address, program = str(Path(folder.name) / "socket"), Path(folder.name) / "python"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.forked_python.server", address, str(program)],
        cwd=HERE.parents[1],
        stdin=subprocess.PIPE,  # whose end is the server's
        stdout=subprocess.PIPE,
    )
    assert server.stdout
    assert server.stdout.readline() == b"ready\n"
    words = [sys.executable, "-I", "-S", str(HERE / "client.py"), address]
    program.write_text(f'#!/bin/sh\nexec {" ".join(map(quote, words))} "$@"\n')
    program.chmod(0o700)
    return str(program)
