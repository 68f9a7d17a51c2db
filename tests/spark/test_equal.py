"""Spark publishes what DuckDB does, row by row, from state to state; and both what the oracle computes."""

from __future__ import annotations

from pathlib import Path

from pipelines.spark.cluster import Cluster
from pipelines.spark.server import connected
from tests.oracle.comparison import disagreements, published
from tests.oracle.oracle import KEYS, expected
from tests.oracle.random_world import GROWN, OVER_MIDNIGHT, random_world
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
    wrong = [
        line
        for table, rows in expected(last, *list(states.values())[:-1]).items()
        for line in disagreements(
            table, KEYS[table], rows, published(engines.settings.warehouse, table)
        )
    ]
    assert wrong == [], "\n".join(wrong)


def test_a_world_over_midnight_is_equal_and_right(running: Cluster, tmp_path: Path) -> None:
    world = random_world(OVER_MIDNIGHT).last
    engines = Engines(tmp_path / "midnight", running)
    engines.build(world)
    assert engines.differences(world) == []
    wrong = [
        line
        for table, rows in expected(world).items()
        for line in disagreements(
            table, KEYS[table], rows, published(engines.settings.warehouse, table)
        )
    ]
    assert wrong == [], "\n".join(wrong)
