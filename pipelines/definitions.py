"""Everything Dagster runs, and when."""

from __future__ import annotations

import dagster as dg

from pipelines.assets.access import all_projects_still_readable
from pipelines.assets.catalog import product_catalog
from pipelines.assets.models import dbt_models
from pipelines.assets.notifications import delivery_checks, notifications
from pipelines.assets.published import product_health
from pipelines.assets.raw import all_organizations_synced, sentry_tables
from pipelines.assets.tickets import tickets
from pipelines.automation import (
    catalog_sensor,
    every_hour,
    every_three_hours,
    failed_runs,
    overdue_syncs,
    rebuild_marts,
    send_digests,
    sync_sentry,
    waiting_messages,
)
from pipelines.resources import run_settings

defs = dg.Definitions(
    assets=[
        *dg.with_source_code_references(
            [sentry_tables, product_catalog, tickets, product_health, notifications]
        ),
        dbt_models,
    ],
    asset_checks=[all_organizations_synced, all_projects_still_readable, *delivery_checks],
    jobs=[sync_sentry, rebuild_marts, send_digests],
    schedules=[every_three_hours, every_hour],
    sensors=[catalog_sensor, failed_runs, overdue_syncs, waiting_messages],
    # Nothing is handed from step to step; Dagster's own would let a run's configuration name a folder for it.
    resources={"settings": run_settings, "io_manager": dg.mem_io_manager},
    # One process: there is one writer anyway, and each further process would import everything again.
    executor=dg.in_process_executor,
)
