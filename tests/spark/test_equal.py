"""Spark publishes what DuckDB does, row by row, from state to state; and both what the oracle computes."""

from __future__ import annotations

from pathlib import Path

from pipelines.spark.cluster import WORKERS, Cluster
from pipelines.spark.server import connected
from tests.oracle.comparison import disagreements, published
from tests.oracle.oracle import KEYS, expected
from tests.oracle.random_world import GROWN, OVER_MIDNIGHT, random_world
from tests.oracle.raw_world import Row
from tests.oracle.test_models_agree_with_oracle import worlds_of

from .engines import Engines


def test_every_table_is_equal_from_the_first_build_to_an_edited_catalog(
    running: Cluster, tmp_path: Path
) -> None:
    before_a_sync, before_an_edit, last = worlds_of("step by step")
    first = random_world(GROWN).after[0]
    states = {
        "the first build": first,
        "syncs later, with other issues": before_a_sync,
        "a sync later, with issues deleted and merged": before_an_edit,
        "an edited catalog": last,
    }
    engines = Engines(tmp_path / "states", running)
    for name, world in states.items():
        if world is last:  # on a Spark that has lost all, which the warehouse has not
            with connected(engines.settings.spark_server) as spark:
                spark.run("drop database marts cascade")
        engines.build(world)
        assert engines.differences(world) == [], name
    assert _wrong(engines, expected(last, *list(states.values())[:-1])) == []


def test_a_build_that_loses_a_worker_ends_well_or_the_next_one_does(
    running: Cluster, tmp_path: Path
) -> None:
    world = random_world(OVER_MIDNIGHT).last
    engines = Engines(tmp_path / "midnight", running)
    engines.write(world)
    process = engines.start_dbt()
    assert process.stdout
    for line in process.stdout:
        if " OK created sql table model marts." in line and WORKERS[0] in running.processes:
            running.kill(WORKERS[0])
    try:
        if process.wait() == 0:
            engines.conclude()
        else:
            engines.build_on_spark()
    finally:
        running.start_worker(WORKERS[0])
    assert engines.differences(world) == []
    assert _wrong(engines, expected(world)) == []


def _wrong(engines: Engines, computed: dict[str, list[Row]]) -> list[str]:
    """Where the marts of Spark are not what the oracle computes."""
    return [
        line
        for table, rows in computed.items()
        for line in disagreements(
            table, KEYS[table], rows, published(engines.settings.warehouse, table)
        )
    ]
