"""For all tests: a busy machine is no failure, and a developer's own settings do not reach them."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from pipelines import settings

hypothesis.settings.register_profile(
    "project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("project")


@pytest.fixture(autouse=True)
def _no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.Settings.model_config, "env_file", None)
    monkeypatch.setattr(settings, "ENV_FILE", tmp_path / "none.env")
