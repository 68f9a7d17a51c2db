"""A small installation: a warehouse, two publications, Dagster's storage with one run, and the CSVs."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from pipelines.settings import EXAMPLE, ROOT, Settings
from pipelines.warehouse import version
from tests.publish.data import Data


@dg.asset
def step() -> None:
    """What the one run does."""


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed: copy it."""
    folder = tmp_path_factory.mktemp("installation")
    shutil.copytree(EXAMPLE, folder / "seeds")
    data = Data(folder / "data")
    data.folder.mkdir()
    data.build("run-1")
    version.upgrade(data.warehouse)
    data.publish("run-1")
    data.publish("run-1", hours=1)
    home = data.folder / "dagster"
    home.mkdir()
    shutil.copy(ROOT / "dagster.yaml", home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        dg.materialize([step], instance=instance)
    with closing(sqlite3.connect(data.folder / "notify.sqlite")) as db:
        db.execute("create table told (what)")
        db.commit()
    return folder


@pytest.fixture
def installation(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".env").write_text("SENTRY_AUTH_TOKEN=secret")
    (tmp_path / "data" / ".env").write_text("SENTRY_AUTH_TOKEN=secret")
    return settings(tmp_path, monkeypatch)


def settings(folder: Path, monkeypatch: pytest.MonkeyPatch, **others: str) -> Settings:
    """The settings of an installation in the folder, for this process and those that it starts."""
    found = {"DATA_DIR": str(folder / "data"), "SEEDS_DIR": str(folder / "seeds"), **others}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return Settings()
