from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .warehouse import Warehouse, dbt


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A target folder with the whole project parsed once."""
    folder = tmp_path_factory.mktemp("parsed")
    finished = dbt(folder, "parse")
    assert finished.returncode == 0, finished.stdout
    return folder / "target"


@pytest.fixture
def warehouse(tmp_path: Path, parsed: Path) -> Warehouse:
    return Warehouse(tmp_path, parsed)


@pytest.fixture
def new_warehouse(tmp_path: Path, parsed: Path) -> Callable[[str], Warehouse]:
    def make(name: str) -> Warehouse:
        (tmp_path / name).mkdir()
        return Warehouse(tmp_path / name, parsed)

    return make
