"""Those who are told of failures: a webhook on a port of its own, and a command that writes down what it gets."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMAND = (
    "import json, os, sys; open(sys.argv[1], 'a').write(json.dumps(["
    "os.environ['FAILURE_KIND'], os.environ['FAILURE_RUN_ID'], sys.stdin.read(), dict(os.environ)]) + '\\n')"
)


def command(file: Path) -> str:
    """Return the command that appends kind, run, text and environment to the file, as JSON lines."""
    return shlex.join([sys.executable, "-c", COMMAND, str(file)])


def told(file: Path) -> list[Any]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


class Webhook:
    """A server that keeps the JSON that it is sent, and answers with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.received: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.status = status
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.received.append(json.loads(body))
                webhook.bodies.append(body)
                webhook.headers.append(dict(self.headers))
                self.send_response(webhook.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/secret-path"

    def __enter__(self) -> Webhook:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
