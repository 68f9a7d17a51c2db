"""The dlt source: one resource per raw table, fed with the rows that a sync has read of one organization.

    for files in Sync(session, "https://sentry.io", run_id="1").loads():
        pipeline(file, folder).run(sentry(files))

An answer of Sentry's holds rows of several tables, and an organization's rows go together or not at all: they wait in
Parquet files, of the schemas in schema.py, and are loaded as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.parquet as pq
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.extract import DltResource

from pipelines.sentry.destination import DuckDbFile
from pipelines.sentry.schema import DATASET, RAW_TABLES, RawTable
from pipelines.settings import DUCKDB_LIMITS


@dlt.source(name="sentry", max_table_nesting=0)
def sentry(files: Mapping[str, Path]) -> list[DltResource]:
    """Return one resource for each raw table that has a file of rows."""
    return [_resource(raw, files[raw.name]) for raw in RAW_TABLES if raw.name in files]


def _resource(raw: RawTable, file: Path) -> DltResource:
    resource: DltResource = dlt.resource(
        _rows(raw, file),
        name=raw.name,
        primary_key=raw.key,
        write_disposition="append",
        columns=_columns(raw),
        file_format="parquet",
        schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "freeze"},
    )
    return resource


def _rows(raw: RawTable, file: Path) -> Iterator[pa.Table]:
    parquet = pq.ParquetFile(file)
    for number in range(parquet.num_row_groups):
        yield parquet.read_row_group(number).cast(raw.schema)


def _columns(raw: RawTable) -> Any:
    """Return dlt's hints for the Arrow columns: times without a zone, keys never null."""
    return {
        field.name: {
            "nullable": field.nullable,
            **({"timezone": False} if str(field.type).startswith("timestamp") else {}),
        }
        for field in raw.schema
    }


def _credentials(file: Path) -> DuckDbCredentials:
    credentials = DuckDbCredentials(str(file))
    credentials.global_config = dict(DUCKDB_LIMITS)
    return credentials


def pipeline(file: Path, working_folder: Path) -> dlt.Pipeline:
    """Return a dlt pipeline into schema `raw_sentry` of a DuckDB file.

    What a run that was cut off left in the working folder is dropped: dlt would load that and not look at the new rows.
    """
    # Rows know the load that brought them: dbt rebuilds only what came since.
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    return dlt.pipeline(
        "sentry",
        pipelines_dir=str(working_folder),
        destination=DuckDbFile(_credentials(file)),
        dataset_name=DATASET,
    ).drop()
