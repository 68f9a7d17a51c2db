"""The raw tables: Sentry over HTTP into schema raw_sentry, by dlt."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from pipelines import models, publish
from pipelines.assets.product_projects import product_projects
from pipelines.progress import sampled_progress
from pipelines.resources import explained
from pipelines.sentry.schema import DATASET, ORGANIZATION_SYNCS, RAW_TABLES
from pipelines.sentry.sync import Sync, configured_sync
from pipelines.settings import Settings
from pipelines.warehouse import run_log
from pipelines.warehouse.attach import connect
from pipelines.warehouse.load import load

# On runs that a schedule requested.
SCHEDULED = "dagster/schedule_name"
# A run every three hours: warn after two that did not come.
LATE = timedelta(hours=6, minutes=30)
FRESHNESS = dg.FreshnessPolicy.time_window(warn_window=LATE, fail_window=timedelta(hours=24))


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["sentry", raw.name],
            description=raw.description,
            group_name="raw",
            kinds={"dlt", "duckdb"},
            freshness_policy=FRESHNESS,
        )
        for raw in RAW_TABLES
    ],
    retry_policy=dg.RetryPolicy(max_retries=2, delay=300, backoff=dg.Backoff.EXPONENTIAL),
)
def sentry_tables(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Sync Sentry into the warehouse, one organization after the other: all of it or nothing."""
    rows: dict[str, int] = dict.fromkeys((raw.name for raw in RAW_TABLES), 0)
    # A person who waits for the run is told at once.
    with explained(retries=SCHEDULED in context.run.tags):
        users_of = product_projects(settings) if settings.unique_users else ()
        sync = configured_sync(settings, context.run_id, users_of)
        warehouse = settings.warehouse
        run_log.begin_run(
            warehouse, settings.published, run_id=context.run_id, started_at=sync.clock()
        )
        try:
            publish.recover(warehouse, settings.published, models.kept_for_good(), sync.listed)
            with sampled_progress(settings.progress, lambda: _progress(sync)):
                for files in sync.loads():
                    load(warehouse, settings.dlt_folder, files)
                    for name, file in files.items():
                        rows[name] += pq.read_metadata(file).num_rows
        except Exception as error:
            run_log.fail_run(warehouse, context.run_id, str(error).partition("\n")[0])
            raise
        finally:
            run_log.record_directory(warehouse, context.run_id, sync.directory_traffic)
    for name, count in rows.items():
        yield dg.MaterializeResult(asset_key=["sentry", name], metadata={"rows_changed": count})


def _progress(sync: Sync) -> dict[str, Any]:
    return asdict(sync.progress) | sync.session.traffic.counts()._asdict()


@dg.asset_check(
    asset=dg.AssetKey(["sentry", ORGANIZATION_SYNCS.name]),
    description="Every organization was synced by this run; the others' data go on, this one's are older.",
)
def all_organizations_synced(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Pass when no organization failed in the newest sync; a failure warns and names the reason."""
    with explained(), connect(settings.warehouse, read_only=True) as db:
        rows = db.execute(
            f"select organization_slug, status, failure from {DATASET}.{ORGANIZATION_SYNCS.name} "
            f"where started_at = (select max(started_at) from {DATASET}.{ORGANIZATION_SYNCS.name}) "
            "order by 1"
        ).fetchall()
    failed = {slug: failure for slug, status, failure in rows if status == "failed"}
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{slug}: {why}" for slug, why in failed.items())
        or f"{len(rows)} of {len(rows)} organizations synced",
        metadata={"organizations": len(rows), "failed_organizations": len(failed)},
    )
