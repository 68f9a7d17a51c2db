"""Everything Dagster runs, and when."""

from __future__ import annotations

import dagster as dg
from dagster_dbt import DbtCliResource
from dagster_dlt import DagsterDltResource

from pipelines.assets.catalog import product_catalog
from pipelines.assets.models import DBT_EXECUTABLE, PROJECT, dbt_models
from pipelines.assets.published import product_health
from pipelines.assets.raw import all_organizations_synced, sentry_tables
from pipelines.automation import catalog_sensor, every_three_hours, rebuild_marts, sync_sentry
from pipelines.resources import Environment

defs = dg.Definitions(
    assets=[sentry_tables, product_catalog, dbt_models, product_health],
    asset_checks=[all_organizations_synced],
    jobs=[sync_sentry, rebuild_marts],
    schedules=[every_three_hours],
    sensors=[catalog_sensor],
    resources={
        "dlt_resource": DagsterDltResource(),
        "dbt": DbtCliResource(PROJECT, dbt_executable=DBT_EXECUTABLE),
        "environment": Environment(),
    },
    # One process: there is one writer anyway, and each further process would import everything again.
    executor=dg.in_process_executor,
)
