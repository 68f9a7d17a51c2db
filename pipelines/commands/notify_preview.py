"""`make notify-preview`: what each row of recipients.csv would have been sent in the last week. Nothing is sent."""

from __future__ import annotations

import sys

from pipelines.commands.check import check_with_published, report
from pipelines.notify.channels import CHANNELS
from pipelines.notify.history import expected
from pipelines.notify.record import recipient_name
from pipelines.publish import how_to_publish, open_published
from pipelines.settings import Settings, shortened


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
        found = expected(published, recipients)
    for each in found:
        row = each.recipient
        who = recipient_name(row.team, row.channel, row.address)
        print(f"{file}:{row.line}: {who}: {each.words}")
    return 0
