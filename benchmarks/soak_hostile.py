"""How much memory and time a server takes that answers with bombs, and with listings that never end.

    .venv/bin/python benchmarks/soak_hostile.py

Each case runs in a process of its own, with the bounds as they are, five requests at once. Ends with 1 if one took
more than 1 GiB or was not refused.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MB = 1024**2
MOST = 1024 * MB
OBJECTS = b"[" + b"{}," * 400_000 + b"{}]"
WIDE = '["\U0001f600'.encode() + b"x" * (31 * MB) + b'"]'
CASES: dict[str, Callable[[], bytes]] = {
    "a bomb of 10 GB": lambda: gzip.compress(gzip.compress(bytes(MB)) * 0 + b" " * (64 * MB)) * 150,
    "31 MB of blanks": lambda: b" " * (31 * MB) + b"[]",
    "objects without members": lambda: OBJECTS,
    "a text with one wide letter": lambda: WIDE,
    "numbers": lambda: b"[" + b"1.5," * 900_000 + b"1]",
}


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
