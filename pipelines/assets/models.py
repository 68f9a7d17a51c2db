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

from pipelines import models, spark
from pipelines.assets.column_lineage import LABEL, Lineage, column_lineage
from pipelines.environment import from_environment
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
    """Shows of each model what its description says, for people who do not read SQL, and what builds it."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the spec with the description alone."""
        node = {**manifest["nodes"], **manifest["sources"]}[unique_id]
        spec = super().get_asset_spec(manifest, unique_id, project)
        shown = spec.replace_attributes(description=node["description"], owners=[])
        # For show alone: each run reads for itself what builds its models.
        engine = from_environment("MODELS_ON") or "duckdb"
        return shown.replace_attributes(kinds={"dbt", engine.lower()})


TRANSLATOR = PlainTranslator(
    DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True, enable_code_references=True)
)


@dbt_assets(manifest=MANIFEST, project=PROJECT, dagster_dbt_translator=TRANSLATOR)
def dbt_models(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[Any]:
    """Build and test every model; a failed test of severity error stops the run before publication.

    Where the models are others than those that the warehouse was built with, incremental ones are rebuilt in full.
    With MODELS_ON=spark they are built there, from what is brought there, and the marts come back to the warehouse.
    """
    digest, on_spark = models.digest(settings), settings.models_on == "spark"
    with explained():
        built_with = version.models_digest(settings.warehouse)
        is_full = spark.prepare(settings, digest) if on_spark else digest != built_with
    arguments = ["build", "--exclude-resource-type", "unit_test", *models.variables(settings)]
    if is_full:
        # Nor does dbt stumble over what it parsed of other models.
        arguments += ["--full-refresh", "--no-partial-parse"]
    if is_full and built_with is not None:
        context.log.info("The models, or what builds them, have changed: all are rebuilt in full.")
    # A resource of Dagster's would let a run's configuration name another program.
    dbt = DbtAlone(
        project_dir=str(models.PROJECT),
        profiles_dir=str(models.PROJECT),
        dbt_executable=str(models.EXECUTABLE),
        target=settings.models_on,
    )
    built = dbt.cli(arguments, context=context, target_path=settings.engine_target)
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
    if on_spark and not failure:
        with explained():
            spark.conclude(settings, digest, context.run_id)
    lineage = {} if failure else column_lineage(settings, digest, TRANSLATOR, PROJECT)
    yield from _described(events, settings, lineage)
    if failure:
        raise failure
    if is_full and not on_spark:
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
        metadata: dict[str, Any] = {**event.metadata, "engine": settings.models_on}
        if unique_id in lineage:
            metadata[LABEL] = lineage[unique_id]
        name = unique_id.rpartition(".")[2]
        if name in counts:  # which holds no views
            metadata["dagster/row_count"] = counts[name]
        yield event.with_metadata(metadata)
