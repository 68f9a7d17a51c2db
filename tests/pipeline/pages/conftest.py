"""The pages over real HTTP, over the published sample world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.pages import serving
from pipelines.pages.app import create_app
from pipelines.settings import EXAMPLE, Settings
from tests.pipeline.conftest import Deployment

SERVER = "https://sentry.example.com"


class Browser:
    """Asks for pages at one address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, status: int = 200, **headers: str) -> requests.Response:
        answer = requests.get(self.url + path, headers=headers, timeout=30)
        assert answer.status_code == status, (path, answer.text[:2000])
        return answer


def settings_of(published: Path, **others: Any) -> Settings:
    """The settings of pages over this file; nothing of `.env`."""
    given = {"data_dir": published.parent, "seeds_dir": EXAMPLE, "sentry_url": SERVER} | others
    return Settings(_env_file=None, **given)


@contextmanager
def served(published: Path) -> Iterator[Browser]:
    with serving.served(create_app(settings_of(published))) as url:
        yield Browser(url)


@pytest.fixture(scope="session")
def pages(first: Deployment) -> Iterator[Browser]:
    with served(first.published) as browser:
        yield browser
