"""`make notify-preview`: what each row of recipients.csv would have been sent in the last week. Nothing is sent."""

from __future__ import annotations

import sys

from pipelines.catalog.finding import counted
from pipelines.commands.check import check_with_published, report
from pipelines.notify.channels import CHANNELS
from pipelines.notify.history import Expected, expected
from pipelines.notify.record import shown_address
from pipelines.publish import how_to_publish, open_published
from pipelines.settings import Settings, shortened

DAYS = 7


def notify_preview(settings: Settings) -> int:
    """Show what each row of recipients.csv would have been sent in the last 7 days, and send nothing.

    Raises PublishError where what is published cannot be read.
    """
    checked, compared = check_with_published(settings)
    if checked.catalog is None:
        report(checked, settings.seeds, compared)
        return 1
    if not settings.published.exists():
        print(how_to_publish(shortened(settings.published)), file=sys.stderr)
        return 1
    file = settings.seeds / "recipients.csv"
    recipients = [row for row in checked.catalog.recipients if row.channel in CHANNELS]
    if not recipients:
        print(
            f"{file} names nobody, so that nothing is sent. docs/notifications.md says what to write."
        )
        return 0
    with open_published(settings.published) as published:
        found = expected(published, recipients, DAYS)
    for each in found:
        print(f"{file}:{each.recipient.line}: {_words(each)}")
    return 0


def _words(found: Expected) -> str:
    row = found.recipient
    who = f"{row.team or 'every team'}, {shown_address(row.channel, row.address)}"
    count = sum(found.messages.values())
    if not count:
        return f"{who}: would have been sent nothing in the last {DAYS} days"
    rules = ", ".join(f"{number:,} {rule}" for rule, number in found.messages.most_common())
    return (
        f"{who}: would have been sent {counted(count, 'message')} in the last {DAYS} days "
        f"({rules}) about {counted(found.reasons, 'reason')}"
    )
