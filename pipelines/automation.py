"""What runs, when: the two jobs, the three-hour schedule, and the sensor on the product catalog."""

from __future__ import annotations

import dagster as dg

from pipelines import catalog
from pipelines.assets.raw import sentry_tables
from pipelines.resources import Settings, read_settings
from pipelines.sentry.errors import ConfigurationError

sync_sentry = dg.define_asset_job(
    "sync_sentry",
    selection=dg.AssetSelection.all(),
    description="From Sentry's API to the published file.",
)

rebuild_marts = dg.define_asset_job(
    "rebuild_marts",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(sentry_tables),
    description="The marts again from the data at hand, with the product catalog as it is now. No request to Sentry.",
)

UNDER_WAY = dg.RunsFilter(
    statuses=[
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
)


@dg.schedule(
    job=sync_sentry,
    cron_schedule="0 */3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every three hours, unless a run is still going.",
)
def every_three_hours(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Request a sync, or say why not."""
    runs = context.instance.get_runs(UNDER_WAY, limit=1)
    if runs:
        return dg.SkipReason(f"{runs[0].job_name} {runs[0].run_id[:8]} is still going.")
    return dg.RunRequest()


def _edited_since_publication(settings: Settings) -> bool:
    """Tell whether a CSV is younger than the published file: all that is known before the first look."""
    published_at = settings.published.stat().st_mtime
    return any(path.stat().st_mtime > published_at for path in settings.seeds.glob("*.csv"))


@dg.sensor(
    job=rebuild_marts,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Rebuilds and republishes when the content of a CSV in the seeds folder changes.",
)
def catalog_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Request a rebuild when the CSVs are not what they were; their time stamps do not matter."""
    try:
        settings = read_settings()
    except ConfigurationError as error:
        return dg.SkipReason(str(error))
    if not settings.published.exists():
        return dg.SkipReason("Nothing has been synced yet; the first sync reads the CSVs anyway.")
    runs = context.instance.get_runs(UNDER_WAY, limit=1)
    if runs:
        return dg.SkipReason(f"{runs[0].job_name} {runs[0].run_id[:8]} is still going.")
    fingerprint = catalog.fingerprint(settings.seeds)
    if fingerprint == context.cursor:
        return dg.SkipReason("The CSVs are unchanged.")
    if context.cursor is None and not _edited_since_publication(settings):
        context.update_cursor(fingerprint)
        return dg.SkipReason("The CSVs are those that are published.")
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=fingerprint)
