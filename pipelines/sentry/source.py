"""The dlt source: one resource per raw table, all fed by one walk over the organizations.

    pipeline.run(sentry(Sync(session, "https://sentry.io", run_id="1")))

An answer of Sentry's holds rows of several tables, and an organization's rows go together or not at all. So one
resource walks the organizations, and each table is a transformer of it. Rows are Arrow tables of the schemas in
schema.py, loaded as Parquet and merged on their key.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.extract import DltResource

from pipelines.sentry.schema import RAW_TABLES, RawTable
from pipelines.sentry.state.redact_stored import treated
from pipelines.sentry.state.stored import DATASET
from pipelines.sentry.sync import Sync, Tables


@dlt.source(name="sentry", max_table_nesting=0)
def sentry(sync: Sync | None = None) -> list[DltResource]:
    """Return the resources of one sync; without one, only their names and columns (to define assets)."""

    @dlt.resource(name="sync", selected=False)
    def walk() -> Iterator[Tables]:
        if sync is not None:
            yield from treated(sync.load(), sync.warehouse, sync.options.privacy)

    return [_table(raw, walk) for raw in RAW_TABLES]


def _table(raw: RawTable, walk: DltResource) -> DltResource:
    @dlt.transformer(
        data_from=walk,
        name=raw.name,
        primary_key=raw.key,
        write_disposition="merge",
        columns=_columns(raw),
        file_format="parquet",
        schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "freeze"},
    )
    def rows(tables: Tables) -> Iterator[Any]:
        if raw.name in tables:
            yield tables[raw.name]

    resource: DltResource = rows
    return resource


def _columns(raw: RawTable) -> dict[str, Any]:
    """Return dlt's hints for the Arrow columns: times without a zone, keys never null."""
    return {
        field.name: {
            "nullable": field.nullable,
            **({"timezone": False} if str(field.type).startswith("timestamp") else {}),
        }
        for field in raw.schema
    }


def pipeline(warehouse: Path, working_folder: Path) -> dlt.Pipeline:
    """Return a dlt pipeline into `raw_sentry` of a DuckDB file; its state lives in the file, not in the folder.

    What a run that was cut off left in the folder is dropped: dlt would load that and not look at the new rows.
    """
    # Rows know the load that brought them: dbt rebuilds only what came since.
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    return dlt.pipeline(
        "sentry",
        pipelines_dir=str(working_folder),
        destination=dlt.destinations.duckdb(str(warehouse)),
        dataset_name=DATASET,
    ).drop()
