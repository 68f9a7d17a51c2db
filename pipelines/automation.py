"""What runs, when: the two jobs, the three-hour schedule, and the sensor on the product catalog."""

from __future__ import annotations

import dagster as dg

from pipelines import catalog
from pipelines.assets.raw import sentry_tables
from pipelines.settings import Settings, SettingsError, read_settings
from pipelines.warehouse.lock import holder

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


@dg.schedule(
    job=sync_sentry,
    cron_schedule="0 */3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every three hours, unless a run is still going.",
)
def every_three_hours() -> dg.RunRequest | dg.SkipReason:
    """Request a sync, or the reason why not."""
    try:
        return _under_way(read_settings()) or dg.RunRequest()
    except SettingsError:
        return dg.RunRequest()  # which fails with the reason, for everybody to see


def _under_way(settings: Settings) -> dg.SkipReason | None:
    """Return that a run holds the warehouse now; the status of runs says nothing after a kill."""
    owner = holder(settings.warehouse)
    return dg.SkipReason(f"Still going: {owner}.") if owner else None


def _edited_since_publication(settings: Settings) -> bool:
    """Return whether a CSV is younger than the published file: all that is known before the first look."""
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
    except SettingsError as error:
        return dg.SkipReason(str(error))
    if not settings.published.exists():
        return dg.SkipReason("Nothing has been synced yet; the first sync reads the CSVs anyway.")
    if under_way := _under_way(settings):
        return under_way
    fingerprint = catalog.fingerprint(settings.seeds)
    if fingerprint == context.cursor:
        return dg.SkipReason("The CSVs are unchanged.")
    if context.cursor is None and not _edited_since_publication(settings):
        context.update_cursor(fingerprint)
        return dg.SkipReason("The CSVs are those that are published.")
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=fingerprint)
