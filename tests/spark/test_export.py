"""What goes to Spark and comes back is what was there: values, types, and nothing twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines import models
from pipelines.settings import Settings
from pipelines.spark import bring_back, export
from pipelines.spark.cluster import Cluster
from pipelines.spark.errors import SparkError
from pipelines.spark.server import connected
from pipelines.spark.storage import Storage

TABLE = """
create or replace table raw_sentry.things as
select *
from (
    values
        ('a ''quoted'' ü', true, 1, 9007199254740993, 0.1, date '2026-02-28', timestamp '2026-11-23 09:04:12.123456'),
        (null, null, null, null, null, null, null),
        ('', false, -1, 0, 'nan'::double, date '0001-01-01', timestamp '1969-12-31 23:59:59.999999')
) as t(word, flag, small, large, ratio, day_on, seen_at),
(values (['x', null, 'y']), (null), ([]::varchar[])) as lists(words)
"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse with one table, and models that read it alone."""
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("create schema raw_sentry")
        db.execute(TABLE)
        db.execute("create table raw_sentry.nothing as from raw_sentry.things limit 0")
    sources = [{"schema": "raw_sentry", "name": name} for name in ("things", "nothing")]
    monkeypatch.setattr(models, "sources", lambda: sources)
    return file


def test_values_survive_the_way_there_and_back(
    running: Cluster, warehouse: Path, tmp_path: Path
) -> None:
    storage = Storage(f"{tmp_path}/what both see")
    with connected(("127.0.0.1", running.port)) as spark, duckdb.connect() as db:
        export.export_sources(spark, storage, warehouse)
        instant = (
            "select unix_micros(seen_at), typeof(words) from raw_sentry.things where small = 1"
        )
        assert spark.rows(instant)[0] == (1795424652123456, "array<string>")
        db.execute("set timezone = 'UTC'")
        db.execute(f"attach '{warehouse}' as warehouse (read_only)")
        for name, rows in (("things", 9), ("nothing", 0)):
            spark.run(
                f"insert overwrite directory '{storage.address('back')}' using parquet "
                f"select * from raw_sentry.{name}"
            )
            db.register("back", storage.read("back"))
            there = f"from warehouse.raw_sentry.{name}"
            back = "select * replace (seen_at::timestamp as seen_at) from back"
            assert db.execute(f"select count(*) {there}").fetchone() == (rows,)
            for one, two in ((there, back), (back, there)):
                assert db.execute(f"({one}) except all ({two})").fetchall() == []


def test_only_what_has_changed_goes_to_spark(
    running: Cluster, warehouse: Path, tmp_path: Path
) -> None:
    storage = Storage(str(tmp_path / "storage"))
    with connected(("127.0.0.1", running.port)) as spark:

        def changed() -> list[str]:
            return export.export_sources(spark, storage, warehouse)

        assert changed() == ["raw_sentry.nothing", "raw_sentry.things"]
        assert changed() == []
        with duckdb.connect(str(warehouse)) as db:
            db.execute("update raw_sentry.things set small = 2 where small = 1")
        assert changed() == ["raw_sentry.things"]
        with duckdb.connect(str(warehouse)) as db:
            db.execute("alter table raw_sentry.things add column later varchar")
        assert changed() == ["raw_sentry.things"]
        # As a kill leaves it between dropping the table and making it anew.
        spark.run("drop table raw_sentry.things")
        assert changed() == ["raw_sentry.things"]
        assert len(list(tmp_path.glob("storage/raw_sentry/things/*"))) == 1
        # As whoever makes room leaves it.
        shutil.rmtree(tmp_path / "storage")
        assert changed() == ["raw_sentry.nothing", "raw_sentry.things"]


def test_a_table_that_breaks_its_contract_stays_where_it_is(
    running: Cluster, warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = {"name": "word", "data_type": "varchar", "description": "A word."}
    node = {
        "name": "things",
        "schema": "marts",
        "description": "One row per thing.",
        "config": {"materialized": "table"},
        "columns": {"word": {**column, "constraints": [{"type": "not_null"}]}},
    }
    monkeypatch.setattr(models, "nodes", lambda *_: [node])
    with duckdb.connect(str(warehouse)) as db:
        db.execute("create schema marts; create table marts.things as select 'before' as word")
    settings = Settings(data_dir=tmp_path, spark_storage=str(tmp_path / "storage"))
    with connected(("127.0.0.1", running.port)) as spark:
        spark.run("create database if not exists marts")
        spark.run("create or replace temporary view things as select cast(null as string) as word")
        spark.run("drop table if exists marts.things")
        spark.run("create table marts.things using parquet as select * from things")
        with pytest.raises(SparkError, match=r"marts.things breaks its contract: .*NOT NULL"):
            bring_back.bring_back(spark, Storage(settings.spark_place), settings)
        spark.run("drop table marts.things")
    with duckdb.connect(str(warehouse)) as db:
        assert db.execute("from marts.things").fetchall() == [("before",)]
