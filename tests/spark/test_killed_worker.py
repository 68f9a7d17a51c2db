"""A worker that is lost in mid-build costs time at most: what is built in the end is right."""

from __future__ import annotations

from pathlib import Path

from pipelines.spark.cluster import WORKERS, Cluster
from tests.oracle.random_world import OVER_MIDNIGHT, random_world

from .engines import Engines


def test_a_build_that_loses_a_worker_ends_well_or_the_next_one_does(
    running: Cluster, tmp_path: Path
) -> None:
    world = random_world(OVER_MIDNIGHT).after[0]
    engines = Engines(tmp_path / "killed", running)
    engines.write(world)
    process = engines.start_dbt()
    assert process.stdout
    for line in process.stdout:
        if " OK created " in line and line.split()[1] == "40":
            running.kill(WORKERS[0])
    said = process.stdout.read()
    try:
        if process.wait() == 0:
            engines.conclude()
        else:
            assert "ERROR" in said
            engines.build_on_spark()
        assert engines.differences(world) == []
    finally:
        running.start_worker(WORKERS[0])
    engines.build_on_spark()
    assert engines.differences(world) == []
