"""What a product tree costs: the closure, and every number of every product rolled up along it.

    python benchmarks/bench_rollup.py

Trees 50 deep (chains, which have the most pairs of ancestor and descendant for their size), two projects and one
resolved issue per product. It is the dbt project's own SQL as dbt compiled it, run model by model in DuckDB; dbt's own
seconds are left out. The floor is one sum of one number per ancestor over the finished closure. CPU seconds of
all threads, the median of three runs; linear growth means that the seconds per million pairs stay the same, or fall.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import duckdb
import pyarrow as pa

from pipelines.catalog.loading import COLUMNS
from pipelines.sentry.schema import RAW_TABLES
from pipelines.warehouse.run_log import CREATE

ROOT = Path(__file__).parents[1]
SIZES, DEPTH, RUNS = (1_000, 10_000, 100_000), 50, 3
AS_OF = datetime(2026, 11, 23, 9)

CLOSURE = ("int_product_tree", "dim_products", "product_closure")
ROLLUP = (
    "int_product_numbers",
    "int_period_resolutions",
    "int_product_resolutions",
    "int_product_resolution_times",
    "int_product_health_measures",
    "int_product_health",
    "product_overview",
)

CATALOG = """
create or replace table seeds.products as
select
    'product-' || n as product_id,
    'Product ' || n as name,
    if(n % $depth = 0, null, 'product-' || (n - 1)) as parent_id,
    null::varchar as description,
    if(n % 7 = 0, 'team-' || (n % 40), null) as owner_team,
    if(n % $depth = 0, 'high', null) as priority,
    n % 997 <> 996 as is_active,
    n::integer + 2 as line,
from range($products) as numbers(n);
"""

RESOLUTIONS = """
insert into intermediate.int_issue_resolutions by name
select
    'issue-' || n as issue_id,
    'product-' || n as product_id,
    $as_of::timestamp - to_hours((n % 1400)::integer) as resolved_at,
    resolved_at::date as resolved_on,
    date_trunc('month', resolved_on) as month_on,
    (n % 500)::double as hours_to_resolution,
    n % 3 = 0 as is_met,
from range($products) as numbers(n);
"""

FLOOR = """
select closure.ancestor_id, sum(numbers.events_7d) as events_7d
from marts.product_closure as closure
inner join intermediate.int_project_numbers as numbers
    on closure.descendant_id = numbers.product_id
group by closure.ancestor_id
"""


def build_once(folder: Path) -> Path:
    """Let dbt build every model on an empty Sentry, and give the warehouse."""
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as db:
        db.execute(f"{CREATE}; create schema raw_sentry; create schema seeds;")
        for table in RAW_TABLES:
            schema = table.schema.append(pa.field("_dlt_load_id", pa.string()))
            db.register("empty_table", schema.empty_table())
            db.execute(f"create table raw_sentry.{table.name} as from empty_table")
        db.execute(
            "insert into raw_sentry.organization_syncs (run_id, organization_slug, started_at, status, _dlt_load_id) "
            "values ('run', 'acme', $as_of, 'complete', '1')",
            {"as_of": AS_OF},
        )
        for name, columns in COLUMNS.items():
            db.execute(f"create table seeds.{name} ({columns})")
        db.execute("insert into seeds.sla_targets values ('high', null, 72, 2)")
    dbt = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "run", "--quiet"),
            *("--select", "+product_overview"),
            *(
                "--project-dir",
                str(ROOT / "dbt_project"),
                "--profiles-dir",
                str(ROOT / "dbt_project"),
            ),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        env=os.environ | {"WAREHOUSE_PATH": str(warehouse)},
        cwd=folder,
        check=False,
    )
    if dbt.returncode:
        sys.exit("dbt could not build the models")
    return warehouse


def fill(db: duckdb.DuckDBPyConnection, products: int) -> None:
    """Make a catalog of that size, with the numbers of its projects and its resolved issues."""
    db.execute(CATALOG, {"depth": DEPTH, "products": products})
    described = db.execute("describe intermediate.int_project_numbers").fetchall()
    numbers = {
        name: "(n * 7919 % 1000)::bigint" for name, kind, *_ in described if kind == "BIGINT"
    }
    values = ", ".join(f"{expression} as {name}" for name, expression in numbers.items())
    db.execute("delete from intermediate.int_project_numbers")
    db.execute(
        "insert into intermediate.int_project_numbers by name select 'project-' || n as project_id, "
        f"'product-' || (n // 2) as product_id, {values} from range(2 * {products}) as numbers(n)"
    )
    db.execute("delete from intermediate.int_issue_resolutions")
    db.execute(RESOLUTIONS, {"as_of": AS_OF, "products": products})


def seconds(db: duckdb.DuckDBPyConnection, statement: str) -> float:
    """Give the CPU seconds of the middle one of three runs."""
    found = []
    for _ in range(RUNS):
        started = time.process_time()
        db.execute(statement)
        found.append(time.process_time() - started)
    return median(found)


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory(prefix="bench-rollup-") as name:
        warehouse = build_once(Path(name))
        compiled = {
            path.stem: path.read_text() for path in Path(name).glob("target/compiled/**/*.sql")
        }
        print("products  closure rows  closure s  rollup s  s per million rows  floor s  ratio")
        with duckdb.connect(str(warehouse)) as db:
            for products in SIZES:
                fill(db, products)
                closure = sum(rebuild(db, model, compiled[model]) for model in CLOSURE)
                rollup = sum(rebuild(db, model, compiled[model]) for model in ROLLUP)
                rows = count(db, "product_closure")
                assert count(db, "product_overview") == products
                floor = seconds(db, f"create or replace temp table floor as {FLOOR}")
                print(
                    f"{products:8,}  {rows:12,}  {closure:9.2f}  {rollup:8.2f}  "
                    f"{(closure + rollup) / rows * 1e6:18.2f}  {floor:7.3f}  {(closure + rollup) / floor:5.1f}"
                )


def rebuild(db: duckdb.DuckDBPyConnection, model: str, statement: str) -> float:
    """Build one model's table as dbt does, and give the seconds."""
    schema = "intermediate" if model.startswith("int_") else "marts"
    return seconds(db, f"create or replace table {schema}.{model} as {statement}")


def count(db: duckdb.DuckDBPyConnection, mart: str) -> int:
    """Give the number of rows."""
    row = db.execute(f"select count(*) from marts.{mart}").fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
