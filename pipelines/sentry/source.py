"""The dlt source: one resource per raw table, fed with the rows that a sync has read of one organization.

    for rows in Sync(session, "https://sentry.io", run_id="1").loads():
        pipeline(file, folder).run(sentry(rows))

An answer of Sentry's holds rows of several tables, and an organization's rows go together or not at all. Rows are
Arrow tables of the schemas in schema.py, loaded as Parquet.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from pipelines.sentry.destination import DuckDbFile
from pipelines.sentry.schema import DATASET, RAW_TABLES, RawTable


@dlt.source(name="sentry", max_table_nesting=0)
def sentry(rows: Mapping[str, pa.Table]) -> list[DltResource]:
    """Return one resource for each raw table that has rows."""
    return [_resource(raw, rows[raw.name]) for raw in RAW_TABLES if raw.name in rows]


def _resource(raw: RawTable, rows: pa.Table) -> DltResource:
    resource: DltResource = dlt.resource(
        [rows],
        name=raw.name,
        primary_key=raw.key,
        write_disposition="append",
        columns=_columns(raw),
        file_format="parquet",
        schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "freeze"},
    )
    return resource


def _columns(raw: RawTable) -> Any:
    """Return dlt's hints for the Arrow columns: times without a zone, keys never null."""
    return {
        field.name: {
            "nullable": field.nullable,
            **({"timezone": False} if str(field.type).startswith("timestamp") else {}),
        }
        for field in raw.schema
    }


def pipeline(file: Path, working_folder: Path) -> dlt.Pipeline:
    """Return a dlt pipeline into schema `raw_sentry` of a DuckDB file.

    What a run that was cut off left in the working folder is dropped: dlt would load that and not look at the new rows.
    """
    # Rows know the load that brought them: dbt rebuilds only what came since.
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    return dlt.pipeline(
        "sentry",
        pipelines_dir=str(working_folder),
        destination=DuckDbFile(str(file)),
        dataset_name=DATASET,
    ).drop()
