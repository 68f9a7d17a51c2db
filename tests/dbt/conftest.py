from __future__ import annotations

from pathlib import Path

import pytest

from .warehouse import WrittenWarehouse, dbt


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A target folder with the whole project parsed once."""
    folder = tmp_path_factory.mktemp("parsed")
    finished = dbt(folder, "parse")
    assert finished.returncode == 0, finished.stdout
    return folder / "target"


@pytest.fixture
def warehouse(tmp_path: Path, parsed: Path) -> WrittenWarehouse:
    return WrittenWarehouse(tmp_path, parsed)
