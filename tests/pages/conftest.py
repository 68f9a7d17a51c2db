"""The pages over real HTTP, over the published sample world."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import uvicorn

from pipelines.pages.app import create_app
from tests.pipeline.conftest import Deployment, first

__all__ = ["first"]
SERVER = "https://sentry.example.com"


class Browser:
    """Asks for pages at one address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, status: int = 200, **headers: str) -> requests.Response:
        answer = requests.get(self.url + path, headers=headers, timeout=30)
        assert answer.status_code == status, (path, answer.text[:2000])
        return answer


@contextmanager
def served(published: Path) -> Iterator[Browser]:
    app = create_app(published, server=SERVER, hosts=("127.0.0.1",))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Browser(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def pages(first: Deployment) -> Iterator[Browser]:
    with served(first.published) as browser:
        yield browser
