"""A town for each kind of Jira."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notify.fake_jira import FakeJira
from tests.notify.town import Clock, Town


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["cloud", "data center"])
def town(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with FakeJira(request.param == "cloud", clock) as jira:
        yield Town(tmp_path, jira, clock)
