"""The dbt models: staging, intermediate and marts, with their tests as asset checks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from pipelines import models
from pipelines.assets.column_lineage import LABEL, Lineage, column_lineage
from pipelines.progress import write_progress
from pipelines.resources import explained
from pipelines.settings import Settings
from pipelines.warehouse import version
from pipelines.warehouse.attach import connect
from pipelines.warehouse.damage import damage, explanation

PROJECT = DbtProject(models.PROJECT)
MANIFEST = models.manifest()


# Models and tests: as many events are to be expected of a build.
_STEPS = len(models.nodes("model", "test"))


class DbtAlone(DbtCliResource):
    """Starts dbt and reads the warehouse through nothing else: dbt's own process holds it meanwhile."""

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


class PlainTranslator(DagsterDbtTranslator):
    """Shows of each model what its description says, for people who do not read SQL; the code is one click away."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the spec with the description alone."""
        node = {**manifest["nodes"], **manifest["sources"]}[unique_id]
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(description=node["description"], owners=[])


TRANSLATOR = PlainTranslator(
    DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True, enable_code_references=True)
)


@dbt_assets(manifest=MANIFEST, project=PROJECT, dagster_dbt_translator=TRANSLATOR)
def dbt_models(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[Any]:
    """Build and test every model; a failed test of severity error stops the run before publication.

    Where the models are others than those that the warehouse was built with, incremental ones are rebuilt in full.
    """
    with explained():
        built_with = version.models_digest(settings.warehouse)
    digest = models.digest(settings)
    arguments = ["build", "--exclude-resource-type", "unit_test", *models.variables(settings)]
    if digest != built_with:
        # Nor does dbt stumble over what it parsed of other models.
        arguments += ["--full-refresh", "--no-partial-parse"]
    if digest != built_with and built_with is not None:
        context.log.info("The models have changed since the last build: all are rebuilt in full.")
    # A resource of Dagster's would let a run's configuration name another program.
    dbt = DbtAlone(
        project_dir=str(models.PROJECT),
        profiles_dir=str(models.PROJECT),
        dbt_executable=str(models.EXECUTABLE),
    )
    built = dbt.cli(arguments, context=context, target_path=settings.dbt_target)
    events: list[Any] = []
    failure: DagsterDbtCliRuntimeError | None = None
    try:
        for event in built.stream():
            events.append(event)
            write_progress(
                settings.progress,
                step="models and checks",
                done=min(len(events), _STEPS),
                total=_STEPS,
            )
    except DagsterDbtCliRuntimeError as error:
        failure = error
    if failure and (reason := damage(failure)):
        raise dg.Failure(explanation(settings.warehouse, reason))
    lineage = {} if failure else column_lineage(settings, digest, TRANSLATOR, PROJECT)
    yield from _described(events, settings, lineage)
    if failure:
        raise failure
    if digest != built_with:
        relations = {f"{node['schema']}.{node['name']}" for node in models.nodes("model")}
        version.record_models(settings.warehouse, digest, relations)


def _described(events: list[Any], settings: Settings, lineage: Lineage) -> Iterator[Any]:
    """Yield the events of a build, those of models with rows and column lineage; nobody can look while dbt writes."""
    with connect(settings.warehouse, read_only=True) as db:
        rows = db.execute("select table_name, estimated_size from duckdb_tables()").fetchall()
    counts = dict(rows)
    for event in events:
        if not isinstance(event, dg.Output):
            yield event
            continue
        unique_id = str(event.metadata["unique_id"].value)
        metadata: dict[str, Any] = dict(event.metadata)
        if unique_id in lineage:
            metadata[LABEL] = lineage[unique_id]
        name = unique_id.rpartition(".")[2]
        if name in counts:  # which holds no views
            metadata["dagster/row_count"] = counts[name]
        yield event.with_metadata(metadata)
