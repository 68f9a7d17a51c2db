from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.publish.data import Data


@pytest.fixture
def data(tmp_path: Path) -> Data:
    data = Data(tmp_path)
    data.build("run-1")
    return data


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Processes that share no DuckDB state with this one and start quickly."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["duckdb", "pipelines.publish", "sqlalchemy", "duckdb_engine"])
    return context
