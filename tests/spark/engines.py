"""The same raw world, built by Spark and by DuckDB, published by both."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from pipelines import models, spark
from pipelines.publish import publish
from pipelines.settings import Settings
from pipelines.spark.cluster import Cluster
from pipelines.spark.compare import compare
from pipelines.warehouse import version
from tests.dbt.warehouse import dbt
from tests.forked_python import forked_python
from tests.oracle.raw_world import RawWorld


@dataclass
class Engines:
    """A warehouse of each engine, that grow from world to world."""

    folder: Path
    cluster: Cluster
    numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        for engine in ("spark", "duckdb"):
            (self.folder / engine).mkdir(parents=True)

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder / "spark",
            models_on="spark",
            spark_url=self.cluster.url,
            spark_storage=str(self.folder / "what both see"),
        )

    def build(self, world: RawWorld) -> None:
        """Build the world with both."""
        self.write(world)
        self.build_on_spark()

    def write(self, world: RawWorld) -> None:
        """Let both warehouses hold the world, and DuckDB build it."""
        version.upgrade(self.settings.warehouse)
        for warehouse in (self.folder / "duckdb" / "warehouse.duckdb", self.settings.warehouse):
            world.write(warehouse)
        built = dbt(self.folder / "duckdb", "run")
        assert built.returncode == 0, built.stdout[-6000:]

    def build_on_spark(self) -> None:
        """Build what the warehouse holds, on Spark, and bring it back."""
        process = self.start_dbt()
        said, _ = process.communicate()
        assert process.returncode == 0, said[-6000:]
        self.conclude()

    def start_dbt(self) -> subprocess.Popen[str]:
        """Bring to Spark what the models read, and start them."""
        digest = models.digest(self.settings)
        full = ["--full-refresh"] if spark.prepare(self.settings, digest) else []
        return subprocess.Popen(
            [
                *(forked_python(), "-m", "pipelines.models", "--no-use-colors", "run"),
                *(*full, "--target=spark", f"--target-path={self.settings.engine_target}"),
                *(f"--project-dir={models.PROJECT}", f"--profiles-dir={models.PROJECT}"),
                f"--log-path={self.folder / 'logs'}",
            ],
            env=os.environ | models.environment(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def conclude(self) -> None:
        spark.conclude(self.settings, models.digest(self.settings), f"build-{next(self.numbers)}")

    def differences(self, world: RawWorld) -> list[str]:
        """Publish both; one line for each table that differs."""
        run = {"run_id": world.sync_runs[-1]["run_id"], "published_at": world.as_of}
        files = []
        for engine in ("spark", "duckdb"):
            folder = self.folder / engine
            files.append(folder / "product_health.duckdb")
            publish(folder / "warehouse.duckdb", files[-1], **run)
        found = compare(*files)
        assert len(found) > 20
        return [f"{each.table}: {each.difference}" for each in found if each.difference]
