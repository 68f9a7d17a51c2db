"""The marts as a catalog would make them: the real dbt models, run on a copy of the warehouse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import duckdb

from pipelines.sentry.atomic_load import backup_path
from pipelines.warehouse.attach import attach

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"

# Whatever the catalog reaches, on the way to what is compared.
REACHED = "source:seeds+,+product_overview"
# The same and what it is made of, for data that no dbt model has seen yet.
EVERYTHING = "+product_overview"

SNAPSHOT = ("product_overview", "dim_products", "dim_projects")

# The catalog that is published, as rows of schema seeds. A project has the product that it had; one that is newer
# than the publication has the product that it has now, so that it makes no difference.
PUBLISHED_CATALOG = """
create or replace table seeds.products as
select
    product.product_id,
    product.product_name as name,
    product.parent_product_id as parent_id,
    product.description,
    if(product.owner_team_source = 'own', product.owner_team, null) as owner_team,
    if(product.product_priority_source = 'own', product.product_priority, null) as priority,
    coalesce(link.is_counted, product.is_active) as is_active,
    product.tree_order as line,
from published.marts.dim_products as product
left join published.marts.product_closure as link
    on
        product.parent_product_id = link.ancestor_id
        and product.product_id = link.descendant_id
        and link.distance = 1;

create or replace table seeds.project_products as
select
    lower(project.organization_slug) as organization,
    lower(project.project_slug) as project,
    product.product_id,
    row_number() over (order by project.project_id) as line,
from marts.dim_projects as project
left join published.marts.dim_projects as published_project using (project_id)
inner join seeds.products as product
    on product.product_id
        = if(published_project.project_id is null, project.product_id, published_project.product_id);

create or replace table seeds.sla_targets as
select distinct
    product_priority as priority,
    sla_target_hours as resolve_within_hours,
    0 as line,
from published.marts.dim_products
where product_priority is not null and sla_target_hours is not null;
"""

FRESHNESS = """
(
    select organization_slug, max(started_at) filter (status = 'complete') as synced_at
    from staging.stg_sentry__organization_syncs
    group by organization_slug
)
"""
SAME_DATA = f"""
with synced as {FRESHNESS}, published as (
    select organization_slug, synced_at
    from published.marts.organization_freshness
)
select count(*) = 0
from synced full outer join published using (organization_slug)
where synced.synced_at is distinct from published.synced_at
"""


class RehearsalError(Exception):
    """The numbers cannot be computed; the message says why, for people."""


def copy(warehouse: Path, folder: Path) -> Path:
    """Copy the warehouse into the folder as it was when no load was under way, and give the copy's path.

    Raises RehearsalError while another process writes to it.
    """
    target = (
        folder / "warehouse.duckdb"
    )  # the views in it name their catalog, which is the file's name
    backup = backup_path(warehouse)
    try:
        if backup.exists():
            shutil.copyfile(backup, target)
            return target
        # Nobody can write while it is open for reading. Closing any handle on the file gives that lock up, so every
        # file is copied before one is closed.
        with duckdb.connect(str(warehouse), read_only=True), ExitStack() as opened:
            for suffix in ("", ".wal"):
                source = Path(f"{warehouse}{suffix}")
                if source.exists():
                    stream = opened.enter_context(source.open("rb"))
                    with Path(f"{target}{suffix}").open("wb") as written:
                        shutil.copyfileobj(stream, written, 1 << 20)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise RehearsalError(f"{warehouse} cannot be read: {_first_line(error)}") from error
        raise RehearsalError(
            f"{warehouse} is being written to, probably by a run; try again when it has ended"
        ) from error
    except (duckdb.Error, OSError) as error:
        raise RehearsalError(f"{warehouse} cannot be copied: {_first_line(error)}") from error
    return target


def build(warehouse: Path, selection: str) -> None:
    """Run the models and the tests of what they mean; RehearsalError names what failed."""
    folder = warehouse.parent
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "--quiet", "--no-use-colors", "build"),
        *("--select", selection, "--indirect-selection", "buildable"),
        *("--exclude", "test_type:generic", "--exclude-resource-type", "unit_test"),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
    ]
    environment = os.environ | {
        # Relative, so that what dbt has parsed for one folder holds for another (DBT_PARTIAL_PARSE_FILE_PATH).
        "WAREHOUSE_PATH": warehouse.name,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    try:
        dbt = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise RehearsalError(f"dbt cannot be started: {error}") from error
    if dbt.returncode:
        raise RehearsalError(f"dbt stopped. {_failures(folder) or dbt.stdout + dbt.stderr}".strip())


def _failures(folder: Path) -> str:
    try:
        text = (folder / "target" / "run_results.json").read_text(encoding="utf-8")
    except OSError:
        return ""
    failed = (
        result for result in json.loads(text)["results"] if result["status"] in ("error", "fail")
    )
    return "\n".join(
        f"{result['unique_id'].split('.')[2]}: {(result['message'] or '').strip()}"
        for result in failed
    )


def snapshot(warehouse: Path, file: Path) -> None:
    """Keep what is compared, and nothing else, in a file of its own."""
    with duckdb.connect(str(warehouse)) as connection:
        attach(connection, file, "kept", "read_write")
        connection.execute("create schema kept.marts")
        for table in SNAPSHOT:
            connection.execute(f"create table kept.marts.{table} as from marts.{table}")


def has_published_data(warehouse: Path, published: Path) -> bool:
    """Tell whether the warehouse holds the very syncs that are published."""
    with duckdb.connect(str(warehouse)) as connection:
        attach(connection, published, "published", "read_only")
        row = connection.execute(SAME_DATA).fetchone()
    return bool(row and row[0])


def load_published_catalog(warehouse: Path, published: Path) -> None:
    """Give the warehouse the catalog from which the published file was made."""
    with duckdb.connect(str(warehouse)) as connection:
        attach(connection, published, "published", "read_only")
        connection.execute(PUBLISHED_CATALOG)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
