"""What is published, told: the reasons that are new, to the recipients of `recipients.csv`."""

from __future__ import annotations

from pipelines import catalog
from pipelines.catalog import Recipient
from pipelines.catalog.tables import RECIPIENTS
from pipelines.notify import store
from pipelines.notify.channels import CHANNELS
from pipelines.notify.delivery import utc_now
from pipelines.notify.evaluation import baseline, evaluate
from pipelines.notify.published_reasons import snapshot
from pipelines.publish import open_published
from pipelines.settings import Settings


def recipients(settings: Settings) -> tuple[Recipient, ...]:
    """Return the rows of recipients.csv whose channel there is; none while the file has a mistake."""
    return tuple(row for row in catalog.read_recipients(settings.seeds) if row.channel in CHANNELS)


def note_news(settings: Settings) -> int:
    """Note what the published file shows, and put what is new into the outbox; returns how many reasons that are.

    Where there has never been a recipient nothing is kept. Raises PublishError, NotifyError and sqlite3.Error.
    """
    to = recipients(settings)
    if not to and not settings.notify_state.exists():
        return 0
    with (
        store.opened(settings.notify_state, settings.umask) as db,
        open_published(settings.published) as published,
    ):
        since = baseline(db)
        if since is None and not to:
            return 0
        found = snapshot(published, since, catalog.fingerprint(settings.seeds, without=RECIPIENTS))
        return evaluate(db, found, to, utc_now())
