from __future__ import annotations

from pathlib import Path

import pytest

from .small_catalog import Folder, small_catalog


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return small_catalog()
