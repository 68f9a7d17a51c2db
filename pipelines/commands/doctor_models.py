"""What builds the models, as `make doctor` sees it: Spark, where MODELS_ON names it."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines import spark
from pipelines.commands.diagnosis import Diagnosis, ok, problem
from pipelines.settings import Settings, SettingsError


def diagnose_models(settings: Settings) -> Iterator[Diagnosis]:
    """Yield whether Spark can be asked, and hands tables to and fro; DuckDB needs nothing."""
    if settings.models_on == "duckdb":
        yield ok("models", "on DuckDB, on this machine")
        return
    try:
        version = spark.probe(settings)
    except (SettingsError, spark.SparkError) as error:
        yield problem("models", "cannot be built on Spark", str(error))
        return
    yield ok("models", f"on Spark {version}, to which tables go and from which they come back")
