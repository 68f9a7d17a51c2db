"""`make spark`: the real job on a Spark cluster on this machine, and whether DuckDB makes the same of the same rows."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import duckdb
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from pipelines.commands.watching import run_and_watch
from pipelines.demo.run import environment_of
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.server import FakeSentry
from pipelines.settings import EXAMPLE, Settings, shortened
from pipelines.spark.cluster import cluster
from pipelines.spark.compare import Comparison, compare
from pipelines.warehouse import version
from pipelines.warehouse.attach import attach

console = Console()
RUNS = 2
# What a run brings; the rest of a warehouse is what each engine makes of it.
BROUGHT = """
select schema_name || '.' || table_name
from duckdb_tables()
where database_name = 'brought' and schema_name in ('raw_sentry', 'seeds', 'ops') and table_name != 'warehouse'
"""


def spark(settings: Settings) -> int:
    """Build the sample world twice on a Spark cluster on this machine, and compare all with DuckDB's; needs Java."""
    os.umask(settings.umask)
    data = settings.spark_demo_data
    shutil.rmtree(data, ignore_errors=True)
    # Spark takes no blank in its folders.
    with tempfile.TemporaryDirectory(prefix="spark-") as folder:
        console.print(
            "A Spark cluster starts: a master, two workers, a thrift server, 4 GB in all."
        )
        with cluster(Path(folder)) as running:
            on_spark = {
                "models_on": "spark",
                "spark_url": running.url,
                "spark_storage": str(data / "storage"),
            }
            for step in range(RUNS):
                if not _run_both(settings, data, on_spark, step):
                    return 1
                found = compare(
                    *(data / name / settings.published.name for name in ("spark", "duckdb"))
                )
                show(found, step)
                if any(each.difference for each in found):
                    return 1
    return 0


def _run_both(settings: Settings, data: Path, on_spark: dict[str, str], step: int) -> bool:
    """Sync with the models on Spark, and build the same rows on DuckDB; returns whether both went well."""
    with FakeSentry(sample_world(steps=step), "self-hosted") as sentry:
        for engine, job in (("spark", "sync_sentry"), ("duckdb", "rebuild_marts")):
            apart = {
                "data_dir": data / engine,
                "seeds_dir": EXAMPLE,
                "dagster_postgres_url": SecretStr(""),
                **(on_spark if engine == "spark" else {"models_on": "duckdb"}),
            }
            chosen = settings.model_copy(update=apart)
            if engine == "duckdb":
                copy_rows(data / "spark" / settings.warehouse.name, chosen.warehouse)
            console.print(f"Run {step + 1} of {RUNS}: {job}, models on {engine}.", highlight=False)
            outcome = run_and_watch(console, chosen, job, environment_of(chosen, sentry.url))
            if outcome.failure is not None:
                console.print(outcome.failure, markup=False, highlight=False)
                console.print(
                    f"All that it logged is in {shortened(chosen.run_log)}.", highlight=False
                )
                return False
    return True


def copy_rows(source: Path, warehouse: Path) -> None:
    """Let the warehouse hold what the runs of another one have brought; what it has built stays."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    version.upgrade(warehouse)
    with duckdb.connect(str(warehouse)) as db:
        attach(db, source, "brought", "read_only")
        db.execute("create schema if not exists seeds")
        for (table,) in db.execute(BROUGHT).fetchall():
            db.execute(f"create or replace table {table} as from brought.{table}")


def show(found: list[Comparison], step: int) -> None:
    """Print one line per table."""
    table = Table("table", "rows", "equal", title=f"Run {step + 1}: Spark and DuckDB")
    for each in found:
        table.add_row(each.table, f"{each.rows:,}", each.difference or "yes")
    console.print(table)
    equal = sum(not each.difference for each in found)
    console.print(
        f"{equal} of {len(found)} tables are equal, {sum(each.rows for each in found):,} rows."
    )
