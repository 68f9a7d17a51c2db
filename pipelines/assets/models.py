"""The dbt models: staging, intermediate and marts, with their tests as asset checks."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from pipelines.resources import ROOT, Environment

PROJECT = DbtProject(ROOT / "dbt_project")
# Beside this Python, so that it is found though no environment is activated.
DBT_EXECUTABLE = str(Path(sys.executable).with_name("dbt"))


def prepare_manifest() -> None:
    """Parse the dbt project if that has not been done since its last change (about four seconds)."""
    manifest = PROJECT.manifest_path
    if manifest.exists():
        parsed_at = manifest.stat().st_mtime
        sources = (
            path
            for folder in ("models", "macros", "tests", "snapshots")
            for path in (PROJECT.project_dir / folder).rglob("*")
        )
        settings = PROJECT.project_dir.glob("*.yml")
        if all(path.stat().st_mtime <= parsed_at for path in (*sources, *settings)):
            return
    parse = DbtCliResource(PROJECT, dbt_executable=DBT_EXECUTABLE).cli(
        ["parse", "--quiet"], target_path=PROJECT.project_dir / PROJECT.target_path
    )
    parse.wait()


prepare_manifest()


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    dagster_dbt_translator=DagsterDbtTranslator(
        settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True)
    ),
    pool="warehouse",
)
def dbt_models(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, environment: Environment
) -> Iterator[Any]:
    """Build and test every model; a failed test of severity error stops the run before publication."""
    # One folder for all runs: what was parsed is used again, and nothing piles up.
    target_path = environment.settings().data / "dbt"
    yield from dbt.cli(
        ["build", "--exclude-resource-type", "unit_test"], context=context, target_path=target_path
    ).stream()
