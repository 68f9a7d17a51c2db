"""The models that a preview names are models of the dbt project."""

from __future__ import annotations

from pipelines.preview import build_models


def test_each_model_that_is_named_exists() -> None:
    named = [
        value
        for name, value in vars(build_models).items()
        if name.isupper() and isinstance(value, str) and "." in value
    ]
    models = {
        f"{file.relative_to(build_models.DBT_PROJECT / 'models').parts[0]}.{file.stem}"
        for file in (build_models.DBT_PROJECT / "models").rglob("*.sql")
    }

    assert len(named) > 5
    assert set(named) <= models
