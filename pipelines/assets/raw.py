"""The raw tables: Sentry over HTTP into schema raw_sentry, by dlt."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dlt import DagsterDltResource, DagsterDltTranslator, dlt_assets
from dagster_dlt.translator import DltResourceTranslatorData

from pipelines.resources import Environment, Settings
from pipelines.sentry.atomic_load import all_or_nothing, sole_sync
from pipelines.sentry.errors import SentryError, chain
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.schema import ORGANIZATION_SYNCS, RAW_TABLES
from pipelines.sentry.source import pipeline, sentry
from pipelines.sentry.state.stored import DATASET
from pipelines.sentry.sync import Sync
from pipelines.warehouse import run_log

# A run every three hours: warn after two that did not come.
FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=6, minutes=30), fail_window=timedelta(hours=24)
)
DESCRIPTIONS = {table.name: table.description for table in RAW_TABLES}


class SourceKeyTranslator(DagsterDltTranslator):
    """Names each dlt table as dbt names its source, [source, table], so that one lineage joins both."""

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """Return the spec under dbt's key, without the phantom asset that dagster-dlt puts before it."""
        return (
            super()
            .get_asset_spec(data)
            .replace_attributes(
                key=dg.AssetKey([data.resource.source_name, data.resource.name]),
                deps=[],
                description=DESCRIPTIONS[data.resource.name],
                group_name="raw",
                freshness_policy=FRESHNESS,
            )
        )


@dlt_assets(
    dlt_source=sentry(),  # its tables only; each run brings the real one
    dlt_pipeline=pipeline(Path(":memory:"), Path(tempfile.gettempdir(), "sentry-by-product")),
    dagster_dlt_translator=SourceKeyTranslator(),
    pool="warehouse",
)
def sentry_tables(
    context: dg.AssetExecutionContext, dlt_resource: DagsterDltResource, environment: Environment
) -> Iterator[Any]:
    """Sync Sentry into the warehouse: all of an organization or nothing, all of the load or nothing."""
    try:
        sync, results = _load(context, dlt_resource, environment.settings())
    except SentryError as error:
        raise dg.Failure(str(error)) from None
    for result in results:
        is_log = result.asset_key.path[-1] == ORGANIZATION_SYNCS.name
        yield result._replace(metadata=result.metadata | _metadata(sync)) if is_log else result


def _load(
    context: dg.AssetExecutionContext, dlt_resource: DagsterDltResource, settings: Settings
) -> tuple[Sync, list[Any]]:
    """Sync and load; returns the sync and Dagster's results. Raises SentryError, or Failure from within dlt."""
    warehouse, session = settings.warehouse, settings.session()
    sync = Sync(
        session,
        settings.base_url(),
        context.run_id,
        warehouse,
        settings.organizations,
        settings.options(),
    )
    with sole_sync(warehouse) as was_cut_off:
        if was_cut_off:
            context.log.warning("The last load was cut off; the warehouse is as it was before it.")
        started_at = SentryApi(sync.base_url, session).clock()
        run_log.begin_run(
            warehouse, settings.published, run_id=context.run_id, started_at=started_at
        )
        with all_or_nothing(warehouse):
            try:
                results: list[Any] = list(
                    dlt_resource.run(
                        context=context,
                        dlt_source=sentry(sync),
                        dlt_pipeline=pipeline(warehouse, settings.data / "dlt"),
                    )
                )
            except Exception as error:
                raise dg.Failure(explain(error)) from error
        run_log.record_extraction(warehouse, context.run_id)
    return sync, results


def _metadata(sync: Sync) -> dict[str, Any]:
    report = sync.report
    if report is None:
        return {}
    return {
        "mode": report.mode,
        "as_of": report.as_of.isoformat(sep=" "),
        "organizations": report.organizations,
        "failures": report.failures or "none",
        "requests": report.requests,
        "pages": report.pages,
        "retries": report.retries,
        "seconds_rate_limited": round(report.seconds_rate_limited, 1),
        "issues_new": report.issues_new,
        "issues_changed": report.issues_changed,
        "issues_vanished": report.issues_vanished,
    }


def explain(error: BaseException) -> str:
    """Return the message of the SentryError inside dlt's exceptions, else the error's own first line."""
    for each in chain(error):
        if isinstance(each, SentryError):
            return str(each)
    return str(error).partition("\n")[0]


@dg.asset_check(
    asset=dg.AssetKey(["sentry", ORGANIZATION_SYNCS.name]),
    pool="warehouse",
    description="Every organization was synced by this run; the others' data go on, this one's are older.",
)
def all_organizations_synced(
    context: dg.AssetCheckExecutionContext, environment: Environment
) -> dg.AssetCheckResult:
    """Pass when no organization failed in the newest sync; a failure warns and names the reason."""
    with duckdb.connect(str(environment.settings().warehouse), read_only=True) as connection:
        rows = connection.execute(
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
