"""The real job with MODELS_ON=spark: the same assets, checks and lineage, and the same file for readers."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import duckdb

from pipelines.commands.doctor_models import diagnose_models
from pipelines.demo.on_spark import copy_rows
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.server import FakeSentry
from pipelines.preview.dry_run import dry_run
from pipelines.settings import EXAMPLE, Settings
from pipelines.spark.cluster import Cluster
from pipelines.spark.compare import compare
from tests.pipeline.conftest import Deployment, failure_texts

LINEAGE = "dagster/column_lineage"


def test_the_whole_pipeline_publishes_on_spark_what_it_does_on_duckdb(
    running: Cluster, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "seeds")
    on_spark = {
        "MODELS_ON": "spark",
        "SPARK_URL": running.url,
        "SPARK_STORAGE": str(tmp_path / "storage"),
    }
    with FakeSentry(sample_world(), "self-hosted") as sentry:
        there, here = (
            Deployment(tmp_path / name, tmp_path / "seeds", sentry.url)
            for name in ("spark", "duckdb")
        )
        on = there.run(**on_spark)
        assert on.success, failure_texts(on)
        copy_rows(there.warehouse, here.warehouse)
        off = here.run("rebuild_marts", MODELS_ON="duckdb")
        assert off.success, failure_texts(off)
    assert [each for each in compare(there.published, here.published) if each.difference] == []
    assert _shown(on, "spark") == _shown(off, "duckdb")
    # Which builds on this machine what Spark keeps to itself.
    preview = dry_run(Settings(data_dir=there.data, seeds_dir=there.seeds, models_on="spark"))
    assert "Nothing would change." in preview.notes
    with duckdb.connect(str(there.warehouse), read_only=True) as db:
        assert db.execute(
            "select count(*) from duckdb_tables() where schema_name = 'intermediate'"
        ).fetchone() == (0,)


def test_doctor_says_whether_tables_go_to_spark_and_come_back(
    running: Cluster, tmp_path: Path
) -> None:
    there = Settings(
        models_on="spark", spark_url=running.url, spark_storage=str(tmp_path / "a 'b'")
    )
    (found,) = diagnose_models(there)
    assert (found.level, found.text.split(",")[0]) == ("ok", "on Spark 4.3.0")
    nowhere = there.model_copy(update={"spark_storage": "nosuch://bucket"})
    (found,) = diagnose_models(nowhere)
    assert (found.level, "SPARK_STORAGE nosuch://bucket" in found.advice) == ("problem", True)


def _shown(result: dg.ExecuteInProcessResult, engine: str) -> tuple[dict[str, object], set[str]]:
    """What Dagster shows of the models: rows and columns with what they are made of; and the checks that passed."""
    shown: dict[str, object] = {}
    for event in result.get_asset_materialization_events():
        found = event.step_materialization_data.materialization
        if found.asset_key.path[0] == "marts":
            assert found.metadata["engine"].value == engine
            made = found.metadata[LINEAGE].value
            shown[found.asset_key.path[-1]] = sorted(made.deps_by_column)
            assert any(made.deps_by_column.values()), found.asset_key
    checks = {
        f"{check.asset_key.to_user_string()}: {check.check_name}"
        for check in result.get_asset_check_evaluations()
        if check.passed
    }
    return shown, {
        check for check in checks if check.startswith(("marts", "staging", "intermediate"))
    }
