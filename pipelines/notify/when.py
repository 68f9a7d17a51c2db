"""When a recipient may be sent something, by the clock of its time zone. Times are naive UTC."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipelines.catalog import Recipient


def after_quiet_hours(recipient: Recipient, at: datetime, is_critical: bool = False) -> datetime:
    """Return the first moment from `at` on (naive UTC) at which the recipient may be sent something."""
    quiet = recipient.quiet_hours
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(recipient.timezone))
    if quiet is None or is_critical or not quiet.holds_at(local.time()):
        return at
    end = local.replace(hour=quiet.end.hour, minute=quiet.end.minute, second=0, microsecond=0)
    if end <= local:
        end = (end.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=local.tzinfo)
    return max(at, end.astimezone(UTC).replace(tzinfo=None))


def midnight(recipient: Recipient, at: datetime, days: int) -> datetime:
    """Return when the recipient's day of `at` begins, or the one so many days later."""
    zone = ZoneInfo(recipient.timezone)
    local = at.replace(tzinfo=UTC).astimezone(zone)
    day = datetime.combine(local.date() + timedelta(days=days), time(), zone)
    return day.astimezone(UTC).replace(tzinfo=None)
