from __future__ import annotations

from pathlib import Path

import pytest

from .warehouse import WrittenWarehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> WrittenWarehouse:
    return WrittenWarehouse(tmp_path)
