"""What comes before dbt builds the models on Spark, and after.

The warehouse and Spark are stamped alike after every build that came back. Where the stamps differ, one of them is
another than the last build left: a restored backup, a new cluster, a build on DuckDB. Then all is rebuilt, and the
histories are those of the warehouse. A build that failed or was killed leaves the stamps as they were: dbt goes on.
"""

from __future__ import annotations

import logging

import pyarrow as pa

from pipelines import models
from pipelines.progress import write_progress
from pipelines.settings import Settings
from pipelines.spark.bring_back import bring_back
from pipelines.spark.errors import SparkError
from pipelines.spark.export import HISTORIES, export_histories, export_sources
from pipelines.spark.server import Spark, columns_of, connected, quoted
from pipelines.spark.storage import Storage
from pipelines.warehouse import version

log = logging.getLogger(__name__)

_PROPERTY = "sentry-by-product"


def probe(settings: Settings) -> str:
    """Return Spark's version, after a table has gone there through the storage and come back; SparkError if not."""
    storage, rows = Storage(settings.spark_place), pa.table({"n": [1, 2]})
    there, back = (f"probe/{name}" for name in ("there", "back"))
    with connected(settings.spark_server) as spark:
        ((version,),) = spark.rows("select version()")
        storage.write(there, rows.to_reader())
        spark.run(
            f"insert overwrite directory {quoted(storage.address(back))} using parquet "
            f"select * from parquet.`{storage.address(there)}`"
        )
        came = storage.read(back).to_table()
        storage.remove("probe")
    if came != rows:
        raise SparkError(
            f"What went to Spark through SPARK_STORAGE {settings.spark_place} came back as something else."
        )
    return str(version).partition(" ")[0]


def prepare(settings: Settings, digest: str) -> bool:
    """Bring to Spark what the models read; returns whether all must be rebuilt in full. Raises SparkError."""
    storage = Storage(settings.spark_place)
    write_progress(settings.progress, step="tables to Spark")
    with connected(settings.spark_server) as spark:
        changed = export_sources(spark, storage, settings.warehouse)
        log.info("Brought to Spark: %s.", ", ".join(changed) or "nothing, all is there")
        spark.run("create database if not exists marts")
        stamp = version.models_digest(settings.warehouse) or ""
        is_full = not (stamp.startswith(f"{digest} ") and stamp in _stamp(spark))
        if is_full:
            export_histories(spark, storage, settings.warehouse)
    return is_full


def conclude(settings: Settings, digest: str, run_id: str) -> None:
    """Bring the marts back after a build in which every check passed; SparkError where they break the contract."""
    storage, stamp = Storage(settings.spark_place), f"{digest} {run_id}"
    write_progress(settings.progress, step="marts from Spark")
    with connected(settings.spark_server) as spark:
        relations = bring_back(spark, storage, settings)
        spark.run(f"alter database marts set dbproperties ({quoted(_PROPERTY)} = {quoted(stamp)})")
    storage.remove(HISTORIES)  # dbt has written them to places of its own since
    version.record_models(settings.warehouse, stamp, relations)


def columns(settings: Settings) -> dict[tuple[str, str], dict[str, str]]:
    """Return (database, table or view) -> column -> its type, of all that models are and read."""
    databases = {node["schema"] for node in (*models.sources(), *models.nodes("model"))}
    with connected(settings.spark_server) as spark:
        return {
            (database, name): columns_of(information)
            for database in databases
            for name, information in spark.tables(database).items()
        }


def _stamp(spark: Spark) -> str:
    rows = spark.rows("describe database extended marts")
    return next((value for name, value in rows if name == "Properties"), "")
