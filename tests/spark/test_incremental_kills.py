"""A driver killed at any step of an incremental build loses nothing: the next build is right, history included."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import models
from pipelines.settings import Settings
from pipelines.spark.cluster import Cluster
from pipelines.spark.export import export_sources
from pipelines.spark.server import connected
from pipelines.spark.storage import Storage
from tests.dbt.warehouse import START, WrittenWarehouse
from tests.forked_python import forked_python

HISTORY = "marts.product_history"
VERSION = f"versions.{HISTORY.replace('.', '__')}__"
# What the build of a table that grows asks of Spark, in order, and how often until then.
STEPS = [
    (f"create table {VERSION}", 1),
    (f"insert into {VERSION}", 1),
    (f"insert into {VERSION}", 2),
    (f"alter table {HISTORY} set location", 1),
    (f"drop table {VERSION}", 1),
]
ROWS = (
    "select product_id, owner_team, cast(valid_from as string), cast(valid_to as string) "
    f"from {HISTORY} order by product_id, valid_from"
)


class Spark:
    """The warehouse's rows on a cluster, and dbt there."""

    def __init__(self, cluster: Cluster, warehouse: WrittenWarehouse) -> None:
        self.cluster, self.warehouse = cluster, warehouse
        self.settings = Settings(
            data_dir=warehouse.folder,
            models_on="spark",
            spark_url=cluster.url,
            spark_storage=str(warehouse.folder / "storage"),
        )

    def forget(self) -> None:
        """Have no history of another test."""
        with connected(self.settings.spark_server) as spark:
            spark.run("create database if not exists marts")
            spark.run(f"drop table if exists {HISTORY}")

    def export(self) -> None:
        storage = Storage(self.settings.spark_place)
        with connected(self.settings.spark_server) as spark:
            export_sources(spark, storage, self.warehouse.folder / "warehouse.duckdb")

    def run(self, *selected: str) -> None:
        with self.started(*selected) as process:
            said, _ = process.communicate()
        assert process.returncode == 0, said[-6000:]

    def run_until(self, statement: str, times: int) -> None:
        """Run the history until Spark is asked to do that, and kill the driver then; it starts anew."""
        with self.started("product_history", "--log-level=debug") as process:
            assert process.stdout
            for line in process.stdout:
                times -= statement in line
                if times == 0:
                    self.cluster.kill("thrift")
                    break
            else:
                raise AssertionError(f"{statement} was not asked of Spark")
            process.communicate()
        assert process.returncode, "the build of a driver that was killed ended well"
        self.cluster.start_thrift()
        self.cluster.wait()

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [
                *(forked_python(), "-m", "pipelines.models", "--no-use-colors", "run"),
                *("--target=spark", "--select", *arguments),
                *(f"--project-dir={models.PROJECT}", f"--profiles-dir={models.PROJECT}"),
                f"--target-path={self.warehouse.folder / 'on_spark'}",
                f"--log-path={self.warehouse.folder / 'logs'}",
            ],
            env=os.environ | models.environment(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            yield process

    def rows(self, query: str = ROWS) -> list[tuple[object, ...]]:
        with connected(self.settings.spark_server) as spark:
            return spark.rows(query)


@pytest.mark.timeout(1800)
def test_a_driver_killed_at_any_step_of_an_incremental_build_loses_no_history(
    running: Cluster, tmp_path: Path
) -> None:
    warehouse = WrittenWarehouse(tmp_path)
    spark = Spark(running, warehouse)

    def sync(number: int, owner_team: str) -> None:
        warehouse.catalog([{"product_id": "shop", "owner_team": owner_team}], [], {})
        warehouse.load(synced_at=START + timedelta(days=number))
        warehouse.run("+product_history")
        spark.export()

    spark.forget()
    sync(1, "retail")
    spark.run("+product_history")
    sync(2, "payments")
    spark.run("+dim_products", "int_as_of")
    before, after = spark.rows(), warehouse.rows(ROWS)
    assert [len(before), len(after)] == [1, 2]
    for statement, times in STEPS:
        spark.run_until(statement, times)
        assert spark.rows() in (before, after), statement
    spark.run("product_history")
    assert spark.rows() == after
    # Of all the builds that were killed nothing is left.
    assert len(spark.rows("show tables in versions like 'marts__product_history__*'")) == 1
