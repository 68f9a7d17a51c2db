"""What the dbt build costs against its own SQL in DuckDB, what a small change and issue rules cost, and how it grows.

    python benchmarks/bench_models.py                                      # no issues, 100,000 and 1,000,000
    python benchmarks/bench_models.py --issues 5000000                     # a quarter of an hour, 15 GB of disk
    python benchmarks/bench_models.py --issues 100000 --products 20000 --days 1000

1,000 products, 2,000 projects, 90 days, if nothing else is said. Each row is one process of its own: its seconds on
the clock and of CPU, and the most memory that it held, of which DuckDB gives back what others need. dbt has parsed
the project before, as in production. The floor is the SQL as dbt compiled it, model by model on one connection with
dbt's memory: no start, no contracts, no comments. Without issues what is left of dbt is its fixed cost. The rules are
50, each of them of every project: the most that so many can cost. Per model, MB is the most that the process of the
floor held while it was built (Linux tells).
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from time import monotonic, process_time
from typing import Any, NamedTuple

import duckdb
import yaml
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.models import PROJECT, WAREHOUSE_PATH
from pipelines.sentry.schema import RAW_TABLES
from tests.dbt.warehouse import WrittenWarehouse

HERE = Path(__file__).parent
AS_OF = datetime(2026, 11, 23, 9)
SIZES, PRODUCTS, DAYS = (0, 100_000, 1_000_000), 1_000, 90
LOADS = ("1700000000.0", "1700000001.0", "1700000002.0")
RULES = 50
SHOWN_MODELS = 8
NO_TESTS = ("run", "--quiet")
WITH_TESTS = ("build", "--quiet")
console = Console(width=120)


class Cost(NamedTuple):
    """What a process took."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def main() -> None:
    """Print each size: what each way costs, and which models take the time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--issues", type=int, nargs="+", default=SIZES)
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument("--days", type=int, default=DAYS)
    given = parser.parse_args()
    # Where it is called from, since /tmp may be memory.
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-models-") as name:
        folder = Path(name)
        measured(parse, folder)
        for issues in given.issues:
            compare(folder, issues, given.products, given.days)


def compare(folder: Path, issues: int, products: int, days: int) -> None:
    """Measure one size and print it."""
    start = folder / f"issues-{issues}"
    measured(make, start, issues, folder / "target", products, days)
    built = copied(start, "built")
    costs = {
        "dbt ls: its start alone": measured(run_dbt, built, "ls", "--quiet")[0],
        "dbt run, all anew": measured(run_dbt, built, *NO_TESTS)[0],
    }
    plain, tested = copied(built, "plain"), copied(start, "tested")
    (plain / "warehouse.duckdb").unlink()
    shutil.copy(start / "warehouse.duckdb", plain)
    floor, (models, megabytes) = measured(run_sql, plain)
    costs["dbt build: its tests, too"] = measured(run_dbt, tested, *WITH_TESTS)[0]
    by_model = {"in DuckDB": models, "all anew": seconds_by_model(built)}
    for each in (plain, tested):
        shutil.rmtree(each)
    measured(change, built)
    anew = copied(built, "anew")
    costs["dbt run after 1 % changed"] = measured(run_dbt, built, *NO_TESTS)[0]
    costs["the same, all anew"] = measured(run_dbt, anew, *NO_TESTS, "--full-refresh")[0]
    by_model["after 1 %"] = seconds_by_model(built)
    for each in (built, anew):
        shutil.rmtree(each)
    measured(rule, start)
    costs["dbt run with rules, all anew"] = measured(run_dbt, start, *NO_TESTS)[0]
    measured(change, start)
    costs["dbt run with rules, after 1 %"] = measured(run_dbt, start, *NO_TESTS)[0]
    by_model["with rules"] = seconds_by_model(start)
    shutil.rmtree(start)
    console.print(
        ratios(issues, {"the SQL in DuckDB": floor} | costs), costliest(by_model, megabytes)
    )


def ratios(issues: int, costs: dict[str, Cost]) -> Table:
    """Return what each way costs, and its CPU seconds as a multiple of the first one's."""
    floor, *_ = costs.values()
    table = Table("", "seconds", "CPU seconds", "MB", "CPU ratio", title=f"{issues:,} issues")
    for way, cost in costs.items():
        table.add_row(
            way,
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds:.1f}",
            f"{cost.megabytes:,.0f}",
            f"{cost.cpu_seconds / floor.cpu_seconds:.2f}",
        )
    return table


def costliest(ways: dict[str, dict[str, float]], megabytes: dict[str, float]) -> Table:
    """Return the seconds and the memory of the models that take the most time when all is built anew, or memory."""
    table = Table(
        "model, seconds",
        *(f"{way}: {sum(models.values()):.1f}" for way, models in ways.items()),
        "MB",
    )
    anew = ways["all anew"]
    slowest = sorted(anew, key=lambda name: -anew[name])
    shown = {*slowest[:SHOWN_MODELS], max(megabytes, key=lambda name: megabytes[name])}
    for name in filter(shown.__contains__, slowest):
        seconds = (f"{models[name]:.2f}" for models in ways.values())
        table.add_row(name, *seconds, f"{megabytes[name]:,.0f}")
    return table


def seconds_by_model(folder: Path) -> dict[str, float]:
    """Return the seconds on the clock of each model in the last dbt run."""
    results = json.loads((folder / "target" / "run_results.json").read_text("utf-8"))["results"]
    return {result["unique_id"].split(".")[-1]: result["execution_time"] for result in results}


def measured(work: Callable[..., Any], *arguments: Any) -> tuple[Cost, Any]:
    """Do the work in a process of its own; return what it took with its children, and its result."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_measure, work, *arguments).result()


def _measure(work: Callable[..., Any], *arguments: Any) -> tuple[Cost, Any]:
    began, began_cpu = monotonic(), process_time()
    result = work(*arguments)
    seconds, cpu_seconds = monotonic() - began, process_time() - began_cpu
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    cpu_seconds += children.ru_utime + children.ru_stime
    return Cost(seconds, cpu_seconds, max(own.ru_maxrss, children.ru_maxrss) / 1024), result


def copied(folder: Path, name: str) -> Path:
    """Return a copy of a warehouse with its target folder."""
    return Path(shutil.copytree(folder, folder.with_name(name)))


def parse(folder: Path) -> None:
    """Let dbt parse the project once for all sizes."""
    run_dbt(folder, "parse", "--quiet")


def make(
    folder: Path, issues: int, parsed: Path, products: int = PRODUCTS, days: int = DAYS
) -> None:
    """Write a warehouse that is ready for its first build, and what dbt has parsed beside it."""
    folder.mkdir()
    WrittenWarehouse(folder)
    (folder / "target").mkdir()
    shutil.copy(parsed / "partial_parse.msgpack", folder / "target")
    with _open(folder) as db:
        size = {"issues": issues, "products": products, "days": days}
        _execute(db, "many_issues.sql", {"as_of": AS_OF, **size})
        for table in RAW_TABLES:
            # The last sync, too, brought one issue in a hundred.
            is_last = "hash(issue_id) % 100 = 0" if "issue_id" in table.schema.names else "false"
            db.execute(
                f"update raw_sentry.{table.name} set _dlt_load_id = if({is_last}, $last, $first)",
                {"first": LOADS[0], "last": LOADS[1]},
            )
    # Written anew, so that no version but the last takes room.
    os.rename(folder / "warehouse.duckdb", folder / "draft.duckdb")
    with duckdb.connect() as db:
        db.execute("set enable_progress_bar = false")
        db.execute(f"attach '{folder / 'draft.duckdb'}' as draft (read_only)")
        db.execute(f"attach '{folder / 'warehouse.duckdb'}' as warehouse")
        db.execute("copy from database draft to warehouse")
    (folder / "draft.duckdb").unlink()


def change(folder: Path) -> None:
    """Let three hours pass in which one issue in a hundred changes."""
    with _open(folder) as db:
        values = {"as_of": AS_OF + timedelta(hours=3), "load_id": LOADS[2]}
        _execute(db, "many_issues_changed.sql", values)


def rule(folder: Path) -> None:
    """Let issue rules route some of the issues."""
    with _open(folder) as db:
        _execute(db, "many_issue_rules.sql", {"rules": RULES})


def run_dbt(folder: Path, *arguments: str) -> None:
    """Run dbt on the warehouse, as a child of this process, and insist that all is well."""
    places = {
        "project-dir": PROJECT,
        "profiles-dir": PROJECT,
        "target-path": folder / "target",
        "log-path": folder / "logs",
    }
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "pipelines.models", "--no-use-colors", *arguments),
            *(f"--{name}={path}" for name, path in places.items()),
        ],
        cwd=PROJECT.parent,
        env=os.environ | {WAREHOUSE_PATH: str(folder / "warehouse.duckdb")},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if finished.returncode:
        sys.exit(finished.stdout[-6000:])


def run_sql(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Build every model from the SQL that dbt compiled for it; return the seconds and the MB of each."""
    manifest = json.loads((folder / "target" / "manifest.json").read_text("utf-8"))
    models = {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }
    parents = {key: set(manifest["parent_map"][key]) & models.keys() for key in models}
    seconds, megabytes = {}, {}
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text("utf-8"))
    settings = profile["sentry_by_product"]["outputs"]["duckdb"]["settings"]
    with _open(folder) as db:
        for name, value in settings.items():
            db.execute(f"set {name} = '{value}'")
        for schema in {node["schema"] for node in models.values()}:
            db.execute(f"create schema {schema}")
        for key in TopologicalSorter(parents).static_order():
            node = models[key]
            query = Path(
                folder, "target", "compiled", node["package_name"], node["original_file_path"]
            )
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            began = monotonic()
            _forget_peak()
            db.execute(
                f"create {kind} {node['schema']}.{node['name']} as {query.read_text('utf-8')}"
            )
            seconds[node["name"]] = monotonic() - began
            megabytes[node["name"]] = _peak()
    return seconds, megabytes


def _forget_peak() -> None:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Return the MB that this process has held at most since the peak was forgotten, NaN where nothing tells."""
    if sys.platform != "linux":
        return math.nan
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect(str(folder / "warehouse.duckdb"))
    db.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    return db


def _execute(db: duckdb.DuckDBPyConnection, file: str, values: dict[str, Any]) -> None:
    for statement in duckdb.extract_statements((HERE / file).read_text("utf-8")):
        db.execute(statement, {name: values[name] for name in statement.named_parameters})


if __name__ == "__main__":
    main()
