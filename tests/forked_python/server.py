"""The process that has imported what takes long, and forks: `server ADDRESS PROGRAM`."""

from __future__ import annotations

import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import dbt.adapters.duckdb
import dbt.cli.main
import dbt.task.build  # noqa: F401

import pipelines.definitions
import pipelines.models


def serve(address: str) -> dict[str, Any]:
    """Fork for each request until the process that started this one has ended; return the request, in the fork."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening, selectors.DefaultSelector() as either:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        either.register(listening, selectors.EVENT_READ)
        either.register(sys.stdin, selectors.EVENT_READ)
        while all(key.fileobj is listening for key, _ in either.select()):
            connection, _ = listening.accept()
            if os.fork() == 0:
                break
            connection.close()
        else:
            os._exit(0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    request: dict[str, Any] = json.loads(connection.makefile("rb").readline())
    if child := os.fork():
        for stream in streams:
            os.close(stream)
        _wait(child, connection)
    connection.close()
    _take_over(request, streams)
    return request


def _wait(child: int, connection: socket.socket) -> None:
    """Say how the child ends, and end it when its caller has ended."""

    def end_with_caller() -> None:
        if not connection.recv(1):
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, signal.SIGKILL)

    threading.Thread(target=end_with_caller, daemon=True).start()
    _, status = os.waitpid(child, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _take_over(request: dict[str, Any], streams: list[int]) -> None:
    """Become what the caller would have started."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.argv = [request["module"], *request["arguments"]]


if __name__ == "__main__":
    # What is started by what is forked is forked, too.
    pipelines.models.PYTHON = sys.executable = sys.argv[2]
    asked = serve(sys.argv[1])
    # As nobody had imported it.
    sys.modules.pop(asked["module"], None)
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
