"""For all tests: a busy machine is no failure, and a developer's own settings do not reach them."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from pipelines import environment
from pipelines.settings import Settings

hypothesis.settings.register_profile(
    "project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("project")

# Its log of every statement takes dbt a tenth of its time.
os.environ["DBT_LOG_LEVEL_FILE"] = "info"


# Whole pipelines, dbt builds and long searches: not what one waits for while working (`make test-fast`).
SLOW = (
    "pipeline/test_sync_sentry",
    "pipeline/test_killed_runs",
    "pipeline/test_notifications",
    "pipeline/test_terminal",
    "pipeline/test_settings",
    "pipeline/test_story",
    "pipeline/test_ui",
    "pipeline/test_unattended",
    "pipeline/test_upgrade",
    "pipeline/test_readme",
    "pipeline/pages/",
    "pipeline/test_backup_and_rebuild",
    "dbt/",
    "docs/",
    "oracle/",
    "preview/test_preview",
    "publish/test_killed_publisher",
    "publish/test_readers",
    "sentry/test_convergence",
    "sentry/test_crash",
    "sentry/test_faults",
    "sentry/test_healing",
    "sentry/test_load",
    "sentry/test_redact_stored",
    "warehouse/test_load",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(f"tests/{part}" in item.path.as_posix() for part in SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path / "none.env")
