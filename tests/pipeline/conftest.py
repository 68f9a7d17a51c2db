"""One synced warehouse for the whole session, and copies of it for tests that go on from there."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pipelines import models
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.run_failures import failure_of
from pipelines.settings import EXAMPLE
from pipelines.warehouse.attach import attach
from tests.forked_python import forked_python

# A developer's own settings must not reach the tests.
SETTINGS = {
    "SENTRY_AUTH_TOKEN": TOKEN,
    "SENTRY_ORG": "",
    "ACTIVITY_REQUESTS_PER_RUN": "5000",
    "INCLUDE_CATEGORIES": "",
    # As the demo has it.
    "PRODUCTION_ENVIRONMENTS": "production",
    "UNIQUE_USERS": "true",
    "PERSONAL_DATA": "keep",
    "PUBLISH_PARQUET": "false",
    "PUBLISH_KEEP": "3",
}


@dataclass
class Deployment:
    """A data folder with its CSVs, and the jobs over it."""

    data: Path
    seeds: Path
    url: str

    @property
    def published(self) -> Path:
        return self.data / "product_health.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    def run(self, job: str = "sync_sentry", **settings: str) -> dg.ExecuteInProcessResult:
        from pipelines.definitions import defs

        environment = {
            **SETTINGS,
            "SENTRY_URL": self.url,
            "DATA_DIR": str(self.data),
            "SEEDS_DIR": str(self.seeds),
            **settings,
        }
        with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(models, "PYTHON", forked_python())
            return defs.resolve_job_def(job).execute_in_process(
                instance=instance, raise_on_error=False
            )

    def read(self, query: str) -> list[dict[str, Any]]:
        with duckdb.connect() as connection:
            attach(connection, self.published, "product_health", "read_only")
            connection.execute("use product_health")
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def is_rebuilt_in_full(self) -> bool:
        """Whether the last build took nothing over from the one before."""
        results = json.loads((self.data / "dbt" / "run_results.json").read_bytes())
        return bool(results["args"].get("full_refresh"))

    def copy(self, folder: Path, url: str) -> Deployment:
        shutil.copytree(self.data, folder / "data")
        shutil.copytree(self.seeds, folder / "seeds")
        return Deployment(folder / "data", folder / "seeds", url)


def failure_texts(result: dg.ExecuteInProcessResult) -> str:
    """Return what a failed run says, all steps together."""
    texts = [] if result.success else [failure_of(result.all_events)]
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None:
                texts.append(error.message)
                error = error.cause
            user = event.step_failure_data.user_failure_data
            texts.append(user.description if user else "")
    return "\n".join(text or "" for text in texts)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The sample world at its start, synced once by the real job. Not to be changed: copy it.

    All workers of pytest-xdist share it: who comes first makes it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "first"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        deployment = Deployment(folder / "data", folder / "seeds", "")
        if not (folder / "is-synced").exists():
            _sync(deployment)
            (folder / "is-synced").touch()
    return deployment


def _sync(deployment: Deployment) -> None:
    shutil.copytree(EXAMPLE, deployment.seeds, dirs_exist_ok=True)
    with FakeSentry(sample_world(), "self-hosted") as sentry:
        result = replace(deployment, url=sentry.url).run()
    assert result.success, failure_texts(result)


@pytest.fixture
def world() -> SentryWorld:
    """The sample world at its start."""
    return sample_world()


@pytest.fixture
def sentry(world: SentryWorld) -> Iterator[FakeSentry]:
    with FakeSentry(world, "self-hosted") as server:
        yield server


@pytest.fixture
def deployment(first: Deployment, sentry: FakeSentry, tmp_path: Path) -> Deployment:
    """A copy of the synced warehouse, with the fake Sentry running."""
    return first.copy(tmp_path, sentry.url)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SENTRY_"):
            monkeypatch.delenv(name)
