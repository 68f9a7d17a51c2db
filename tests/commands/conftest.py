"""Each command runs in a folder of its own, with its CSVs in `seeds` and its data in `data`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.small_catalog import Folder, small_catalog


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEEDS_DIR", str(tmp_path / "seeds"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return small_catalog()
