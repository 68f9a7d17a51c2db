"""The models that a preview names are models of the dbt project."""

from __future__ import annotations

from pipelines import models
from pipelines.preview import build_models


def test_each_model_that_is_named_exists() -> None:
    named = [
        value
        for name, value in vars(build_models).items()
        if name.isupper() and isinstance(value, str) and "." in value
    ]
    folder = models.PROJECT / "models"
    existing = {
        f"{file.relative_to(folder).parts[0]}.{file.stem}" for file in folder.rglob("*.sql")
    }

    assert len(named) > 5
    assert set(named) <= existing
