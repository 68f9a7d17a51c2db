"""The marts from Spark into the warehouse, where they are published from: all of them, or none.

The tables are made as the contract of each model says, NOT NULL included, which Parquet does not keep. What is a view
has no rows to bring: dbt makes it on DuckDB.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

import duckdb

from pipelines import models
from pipelines.settings import ROOT, Settings
from pipelines.spark.errors import SparkError
from pipelines.spark.server import Spark, quoted
from pipelines.spark.storage import Storage
from pipelines.warehouse.attach import connect, limit, literal

_FOLDER = "built"
# What views of the marts read beside other marts.
_VIEWS = ("staging", "marts,config.materialized:view")

Node = dict[str, Any]


def bring_back(spark: Spark, storage: Storage, settings: Settings) -> list[str]:
    """Replace the marts of the warehouse by those that are built on Spark; returns `schema.name` of all that is there.

    Raises SparkError, and leaves the warehouse as it was, where a table is not as its contract says.
    """
    marts = [node for node in models.nodes("model") if node["schema"] == "marts"]
    tables = [node for node in marts if not _is_view(node)]
    for node in tables:
        address = quoted(storage.address(f"{_FOLDER}/{node['name']}"))
        spark.run(
            f"insert overwrite directory {address} using parquet select * from marts.{node['name']}"
        )
    with connect(settings.warehouse) as db:
        limit(db)
        db.execute("set timezone = 'UTC'")
        db.execute("begin")
        # Of a build on DuckDB before: not what the marts are made of now.
        db.execute("drop schema if exists intermediate cascade")
        db.execute("create schema if not exists marts")
        for node in tables:
            _replace(db, storage, node)
        db.execute("commit")
    storage.remove(_FOLDER)
    _make_views(settings)
    views = [
        node
        for node in models.nodes("model")
        if node["schema"] != "intermediate" and _is_view(node)
    ]
    return [f"{node['schema']}.{node['name']}" for node in (*tables, *views)]


def _is_view(node: Node) -> bool:
    return bool(node["config"]["materialized"] == "view")


def _replace(db: duckdb.DuckDBPyConnection, storage: Storage, node: Node) -> None:
    name, columns = f"marts.{node['name']}", node["columns"].values()
    defined = ", ".join(f"{each['name']} {each['data_type']}{_not_null(each)}" for each in columns)
    db.execute(f"create or replace table {name} ({defined})")
    db.register("built", storage.read(f"{_FOLDER}/{node['name']}"))
    try:
        db.execute(f"insert into {name} by name from built")
    except (
        duckdb.ConstraintException,
        duckdb.ConversionException,
        duckdb.BinderException,
    ) as error:
        reason = str(error).partition("\n")[0]
        raise SparkError(f"What Spark built as {name} breaks its contract: {reason}") from None
    db.unregister("built")
    db.execute(f"comment on table {name} is {literal(node['description'])}")
    for each in columns:
        db.execute(f"comment on column {name}.{each['name']} is {literal(each['description'])}")


def _not_null(column: Node) -> str:
    return " not null" if any(each["type"] == "not_null" for each in column["constraints"]) else ""


def _make_views(settings: Settings) -> None:
    command = [
        *(models.PYTHON, "-m", "pipelines.models", "--quiet", "--no-use-colors", "run"),
        *("--select", *_VIEWS, *models.variables(settings)),
        *("--project-dir", str(models.PROJECT), "--profiles-dir", str(models.PROJECT)),
        *("--target-path", str(settings.dbt_target), "--log-path", str(settings.dbt_target)),
    ]
    environment = os.environ | models.environment(settings)
    dbt = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if dbt.returncode:
        raise SparkError(f"The views cannot be made. {(dbt.stdout + dbt.stderr).strip()}")
