from __future__ import annotations

from pathlib import Path

import pytest

from tests.publish.data import Data


@pytest.fixture
def data(tmp_path: Path) -> Data:
    data = Data(tmp_path)
    data.build("run-1")
    return data
