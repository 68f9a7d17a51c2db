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
from pipelines.progress import write_progress
from pipelines.publish import PublishError
from pipelines.resources import explained
from pipelines.settings import Settings

CHECKS = {channel: f"{channel}_delivered" for channel in NAMES if channel in CHANNELS}
# Of each channel lately: what was sent, and what was not, with the reason of the last.
BY_CHANNEL = """
select
    channel,
    sum(state = 'sent') as sent,
    sum(state in ('failed', 'unknown') or (state = 'pending' and error is not null)) as missing,
    max(case when state <> 'sent' then error end) as error
from messages
where created_at > ? or state = 'pending'
group by channel
"""
_LATELY = timedelta(days=1)


@dg.asset(
    deps=[product_health],
    group_name="published",
    kinds={"sqlite"},
    description="What is new since the last time, told to the recipients of recipients.csv; notify.sqlite keeps what was.",
    check_specs=[
        dg.AssetCheckSpec(
            check,
            asset="notifications",
            description=f"Everything of the last day that was to be sent by {channel} was; /sync/ of the pages shows each.",
        )
        for channel, check in CHECKS.items()
    ],
)
def notifications(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Tell what is new, and what waits from before; that nobody can be told changes nothing about what is published."""
    write_progress(settings.progress, step="notifications")
    with explained():
        _tell_failures(context, settings)
        try:
            found = news.note_news(settings)
            ended = deliver(settings)
            checks = _checks(settings)
        except (sqlite3.Error, NotifyError, PublishError) as error:
            context.log.error(str(error))
            return dg.MaterializeResult(
                check_results=[_failed(each, str(error)) for each in CHECKS]
            )
    return dg.MaterializeResult(metadata={"new_reasons": found, **ended}, check_results=checks)


def _tell_failures(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Tell of organizations that failed and had not before, and note that this job works."""
    with publish.open_published(settings.published) as db:
        rows = db.execute(
            "select organization_slug, failure from marts.organization_freshness"
        ).fetchall()
    heal(settings, f"job {context.run.job_name}")
    tell_organizations(settings, context.run_id, dict(rows))


def _checks(settings: Settings) -> list[dg.AssetCheckResult]:
    counts: dict[str, tuple[int, int, str | None]] = {}
    if settings.notify_state.exists():
        with store.opened(settings.notify_state, settings.umask) as db:
            since = (utc_now() - _LATELY).isoformat()
            counts = {row[0]: tuple(row)[1:] for row in db.execute(BY_CHANNEL, [since])}
    results = []
    for channel, check in CHECKS.items():
        sent, missing, error = counts.get(channel, (0, 0, None))
        result = dg.AssetCheckResult(
            check_name=check,
            passed=not missing,
            severity=dg.AssetCheckSeverity.WARN,
            description=error if missing else None,
            metadata={"sent": sent, "not_sent": missing},
        )
        results.append(result)
    return results


def _failed(channel: str, reason: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=CHECKS[channel],
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=reason,
    )
