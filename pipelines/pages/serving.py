"""The pages on an address: in the foreground for `make pages`, beside others for the demo."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from pipelines.pages.app import create_app
from pipelines.pages.catalog_editor import edit_log
from pipelines.settings import Settings, SettingsError


def serve(settings: Settings) -> None:
    """Serve the pages until Ctrl-C or SIGTERM; SettingsError where they cannot listen."""
    app = create_app(settings)
    _log_edits()
    listening = _listen(settings.pages_host, settings.pages_port)
    print(f"The pages are on {_url(listening)}. Stop with Ctrl-C.", flush=True)
    _server(app).run(sockets=[listening])


def _log_edits() -> None:
    """Let each edit of the catalog stand in the log of this process."""
    logger = logging.getLogger(edit_log.name)
    logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.INFO)


@contextmanager
def served(app: Starlette, port: int = 0) -> Iterator[str]:
    """Serve the application on this machine meanwhile; returns its address."""
    listening, server = _listen("127.0.0.1", port), _server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        # A connection that comes before the server is ready waits in the socket's queue.
        yield _url(listening)
    finally:
        server.should_exit = True
        thread.join()


def _server(app: Starlette) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.getaddrinfo(host, port)[0][0])
    except OSError as error:
        raise SettingsError(
            f"The pages cannot listen on {host}:{port} ({error.strerror}). "
            "Stop what runs there, or set PAGES_HOST or PAGES_PORT."
        ) from None


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
