"""What runs, when: the two jobs, the three-hour schedule, and the sensors on the product catalog and on failures."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import dagster as dg
import duckdb

from pipelines import catalog
from pipelines.assets.raw import LATE, sentry_tables
from pipelines.notify import digest
from pipelines.notify.delivery import deliver
from pipelines.notify.failures import tell_failed_run, tell_late
from pipelines.notify.store import NotifyError
from pipelines.publish import PublishError, open_published
from pipelines.resources import explained
from pipelines.run_failures import fail_dead_runs, failure_of
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


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells whom .env names that a run has failed, once.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Tell of a run that failed, however it was started; what has told itself is not told again."""
    run = context.dagster_run
    failures = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    entries = context.instance.all_logs(run.run_id, of_type=failures)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    tell_failed_run(read_settings(), run.job_name, run.run_id, failure_of(events))


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs as failed that were killed, and tells when no sync has succeeded for two intervals.",
)
def overdue_syncs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look after what cannot say so itself: a run that is no more, and a sync that did not come."""
    try:
        settings = read_settings()
    except SettingsError as error:
        return dg.SkipReason(str(error))
    fail_dead_runs(context.instance, settings)
    if under_way := _under_way(settings):
        return under_way
    late = _late(settings)
    tell_late(settings, late)
    return dg.SkipReason(late or "All is as it should be.")


def _late(settings: Settings) -> str | None:
    """Return since when nothing has been synced and published, None if that is not too long ago."""
    if not settings.published.exists():
        return None
    try:
        with open_published(settings.published) as db:
            row = db.execute("select as_of from marts.publication").fetchone()
    except (PublishError, duckdb.Error) as error:
        return f"{settings.published} cannot be read: {error}"
    if row is None or datetime.now(UTC).replace(tzinfo=None) - row[0] <= LATE:
        return None
    return (
        f"What is published is as of {row[0]:%Y-%m-%d %H:%M} UTC, and a sync is due every three hours. "
        "Is the schedule on? `make doctor` looks for what is wrong."
    )


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends the notifications that had to wait: for the end of quiet hours, or for a server that was away.",
)
def waiting_messages(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Send what is due by now."""
    try:
        ended = deliver(read_settings())
    except (SettingsError, NotifyError, sqlite3.Error) as error:
        return dg.SkipReason(str(error))
    counts = ", ".join(f"{count} {state}" for state, count in ended.items())
    return dg.SkipReason(counts or "Nothing is due.")


@dg.op
def digests() -> None:
    """Send the digests that are due, as of what is published."""
    settings = read_settings()
    with explained():
        try:
            digest.note_digests(settings)
            deliver(settings)
        except (NotifyError, sqlite3.Error) as error:
            raise dg.Failure(str(error), allow_retries=False) from None


@dg.job(
    description="The digests of recipients.csv that are due. Reads the published file alone.",
    executor_def=dg.in_process_executor,
)
def send_digests() -> None:
    """Send the digests that are due."""
    digests()


@dg.schedule(
    job=send_digests,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour in which a digest is due: in the morning of each recipient's time zone.",
)
def every_hour() -> dg.RunRequest | dg.SkipReason:
    """Request the digests, or the reason why not."""
    try:
        is_due = digest.is_any_due(read_settings())
    except (SettingsError, NotifyError, sqlite3.Error) as error:
        return dg.SkipReason(str(error))
    return dg.RunRequest() if is_due else dg.SkipReason("No digest is due.")
