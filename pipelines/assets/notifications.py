"""People told of what is new in what was published; a channel that fails, fails its check and nothing else."""

import sqlite3
from datetime import timedelta

import dagster as dg

from pipelines import publish
from pipelines.assets.published import product_health
from pipelines.catalog.recipient_values import CHANNELS as NAMES
from pipelines.notify import news, store
from pipelines.notify.channels import CHANNELS
from pipelines.notify.delivery import deliver, utc_now
from pipelines.notify.failures import heal, tell_organizations
from pipelines.notify.store import NotifyError
from pipelines.notify.tickets.changes import note_changes
from pipelines.progress import write_progress
from pipelines.publish import PublishError
from pipelines.resources import explained
from pipelines.settings import Settings

UNUSABLE = (sqlite3.Error, NotifyError, PublishError)
# Of a channel lately: what was sent, and what was not, with a reason.
LATELY = """
select
    sum(state = 'sent') as sent,
    sum(state in ('failed', 'unknown') or (state = 'pending' and error is not null)) as missing,
    max(case when state <> 'sent' then error end) as error
from messages
where channel = ? and (created_at > ? or state = 'pending')
"""
# Channels that answer slowly do not keep the run waiting for longer: the rest is sent a minute later, or by the next.
_LONGEST = 300.0  # seconds
_LATELY = timedelta(days=1)


@dg.asset(
    deps=[product_health],
    group_name="published",
    kinds={"sqlite"},
    description="What is new since the last time, told to whom recipients.csv names; notify.sqlite keeps what was.",
)
def notifications(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Tell what is new, and what waits from before; that nobody can be told changes nothing about what is published."""
    write_progress(settings.progress, step="notifications")
    with explained():
        _tell_failures(context, settings)
        try:
            # First: a ticket is open again before it says that its issue is late again.
            note_changes(settings, utc_now())
            found = news.note_news(settings)
            ended = deliver(settings, longest=_LONGEST)
        except UNUSABLE as error:
            context.log.error(str(error))
            return dg.MaterializeResult(metadata={"failure": str(error)})
    return dg.MaterializeResult(metadata={"new_reasons": found, **ended})


def _tell_failures(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Tell of organizations that failed and had not before, and note that this job works."""
    with publish.open_published(settings.published) as db:
        rows = db.execute(
            "select organization_slug, failure from marts.organization_freshness"
        ).fetchall()
    heal(settings, f"job {context.run.job_name}")
    tell_organizations(settings, context.run_id, dict(rows))


def _delivery_check(channel: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=notifications,
        name=f"{channel}_delivered",
        description=f"All that was to be sent by {channel} in the last day was; the pages show each at /sync/.",
    )
    def check(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
        try:
            sent, missing, error = _counts(settings, channel)
        except UNUSABLE as unusable:
            sent, missing, error = 0, 1, str(unusable)
        return dg.AssetCheckResult(
            passed=not missing,
            severity=dg.AssetCheckSeverity.WARN,
            description=error if missing else None,
            metadata={"sent": sent, "not_sent": missing},
        )

    return check


def _counts(settings: Settings, channel: str) -> tuple[int, int, str | None]:
    if not settings.notify_state.exists():
        return 0, 0, None
    with store.opened(settings.notify_state, settings.umask) as db:
        since = (utc_now() - _LATELY).isoformat()
        sent, missing, error = db.execute(LATELY, [channel, since]).fetchone()
    return sent or 0, missing or 0, error


delivery_checks = [_delivery_check(channel) for channel in NAMES if channel in CHANNELS]
