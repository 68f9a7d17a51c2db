"""The copy of the warehouse on which a preview runs the models."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import duckdb

from pipelines.preview.build_models import (
    CLOSURE,
    COMPARED,
    FRESHNESS,
    HEALTH,
    PRODUCTS,
    PROJECTS,
    RULES,
    SYNCS,
    DryRunError,
)
from pipelines.warehouse.attach import attach
from pipelines.warehouse.damage import damage, explanation, foreign

# The catalog that is published, as rows of schema seeds. A project has the product that it had; one that is newer
# than the publication has the product that it has now, so that it makes no difference.
PUBLISHED_CATALOG = f"""
create or replace table warehouse.seeds.products as
select
    product.product_id,
    product.product_name as name,
    product.parent_product_id as parent_id,
    product.description,
    if(product.owner_team_source = 'own', product.owner_team, null) as owner_team,
    if(product.product_priority_source = 'own', product.product_priority, null) as priority,
    coalesce(link.is_counted, product.is_active) as is_active,
    product.tree_order as line,
from published.{PRODUCTS} as product
left join published.{CLOSURE} as link
    on
        product.parent_product_id = link.ancestor_id
        and product.product_id = link.descendant_id
        and link.distance = 1;

create or replace table warehouse.seeds.project_products as
select
    lower(project.organization_slug) as organization,
    lower(project.project_slug) as project,
    product.product_id,
    row_number() over (order by project.project_id) as line,
from warehouse.{PROJECTS} as project
left join published.{PROJECTS} as published_project using (project_id)
inner join warehouse.seeds.products as product
    on product.product_id
        = if(published_project.project_id is null, project.product_id, published_project.product_id);

create or replace table warehouse.seeds.issue_rules as
select
    organization_slug as organization,
    project_pattern as project,
    field,
    pattern,
    product_id,
    line,
from published.{RULES};

create or replace table warehouse.seeds.sla_targets as
select distinct
    product_priority as priority,
    target.issue_priority,
    target.hours as resolve_within_hours,
    0 as line,
from published.{PRODUCTS},
    (
        values
        (null, sla_target_hours),
        ('high', sla_target_hours_high),
        ('medium', sla_target_hours_medium),
        ('low', sla_target_hours_low)
    ) as target(issue_priority, hours)
where product_priority is not null and target.hours is not null;

create or replace table warehouse.seeds.health_targets as
select distinct
    product.product_priority as priority,
    health.measure,
    health.at_risk,
    health.critical,
    0 as line,
from published.{HEALTH} as health
inner join published.{PRODUCTS} as product using (product_id);
"""

SAME_DATA = f"""
with synced as (
    select organization_slug, max(started_at) filter (status = 'complete') as synced_at
    from warehouse.{SYNCS}
    group by organization_slug
),

published as (
    select organization_slug, synced_at
    from published.{FRESHNESS}
)

select count(*) = 0
from synced
full outer join published using (organization_slug)
where synced.synced_at is distinct from published.synced_at
"""


def copy_warehouse(warehouse: Path, folder: Path) -> Path:
    """Copy the warehouse with its write-ahead log into the folder, and return the copy's path.

    Raises DryRunError while another process writes to it.
    """
    # Under one name: the views in it name their catalog, which is the file's name.
    target = folder / "warehouse.duckdb"
    if reason := foreign(warehouse):
        raise DryRunError(explanation(warehouse, reason))
    try:
        # Nobody can write while it is open for reading. Closing any handle on the file releases that lock, so every
        # file is copied before one is closed.
        with duckdb.connect(str(warehouse), read_only=True), ExitStack() as opened:
            for suffix in ("", ".wal"):
                source = Path(f"{warehouse}{suffix}")
                if source.exists():
                    stream = opened.enter_context(source.open("rb"))
                    with Path(f"{target}{suffix}").open("wb") as written:
                        shutil.copyfileobj(stream, written, 1 << 20)
    except (duckdb.Error, OSError) as error:
        if reason := damage(error):
            raise DryRunError(explanation(warehouse, reason)) from error
        if "lock" in str(error):
            raise DryRunError(
                f"{warehouse} is being written to, probably by a run; try again when it has ended"
            ) from error
        raise DryRunError(f"{warehouse} cannot be copied: {_first_line(error)}") from error
    return target


def save_compared(warehouse: Path, file: Path) -> None:
    """Write the tables that are compared, and nothing else, to a file of their own."""
    with duckdb.connect(str(warehouse)) as connection:
        attach(connection, file, "saved", "read_write")
        connection.execute("create schema saved.marts")
        for table in COMPARED:
            connection.execute(f"create table saved.{table} as from {table}")


def has_published_data(published: duckdb.DuckDBPyConnection, warehouse: Path) -> bool:
    """Return whether the warehouse holds the very syncs that are published."""
    attach(published, warehouse, "warehouse", "read_only")
    row = published.execute(SAME_DATA).fetchone()
    published.execute("detach warehouse")
    return bool(row and row[0])


def load_published_catalog(published: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Replace the catalog in the warehouse by the one from which the published file was made."""
    attach(published, warehouse, "warehouse", "read_write")
    published.execute(PUBLISHED_CATALOG)
    published.execute("detach warehouse")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
