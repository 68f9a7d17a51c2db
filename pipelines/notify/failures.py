"""Each failure is told once, and again only after what failed has worked in between, or fails for another reason.

`notify.sqlite` keeps what has been told, so that several processes tell it once: the run itself, the daemon's sensors
and the command that started the run.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.catalog import Recipient, read_recipients
from pipelines.catalog.recipient_values import SYNC_RULES
from pipelines.notify import outbox, store
from pipelines.notify.channels import CHANNELS
from pipelines.notify.delivery import deliver, send_directly, utc_now
from pipelines.notify.routing import recipient_key, rules_of
from pipelines.notify.store import NotifyError
from pipelines.notify.when import after_quiet_hours
from pipelines.settings import Settings

log = logging.getLogger(__name__)

KILLED = (
    "Its process ended without a word: it was killed, or there was not enough memory. "
    "What it had not loaded in full is not in the warehouse."
)
TITLES = {
    "failed": "a run has failed",
    "partial": "an organization could not be synced",
    "late": "nothing new has been published for too long",
}
# Changes a row, or not, in one step: of several processes one is the first.
TELL = """
insert into told values (?, ?, datetime('now'))
on conflict (subject) do update set reason = excluded.reason, told_at = excluded.told_at
where reason <> excluded.reason
"""
# Where nothing can be kept, on a full disk, each process at least knows what it has told itself.
_told_here: dict[str, str] = {}


@dataclass(frozen=True)
class Failure:
    """What went wrong, as people read it. `kind`: the run, one organization of it, or that none succeeded in time."""

    kind: Literal["failed", "partial", "late"]
    text: str
    run_id: str | None = None

    @property
    def rule(self) -> str:
        """The rule of recipients.csv."""
        return "sync_stale" if self.kind == "late" else "sync_failed"

    @property
    def subject(self) -> str:
        """What happened, without the reason."""
        run = f" (run {self.run_id})" if self.run_id else ""
        return f"Sentry by Product: {TITLES[self.kind]}{run}"

    def payload(self) -> dict[str, str | None]:
        """Return what the outbox keeps."""
        return {
            "kind": "failure",
            "failure": self.kind,
            "run_id": self.run_id,
            "subject": self.subject,
            "text": self.text,
            "message": f"{self.subject}\n{self.text}",
        }


def tell_failed_run(settings: Settings, job: str, run_id: str | None, reason: str) -> None:
    """Tell that a run of the job has failed; `run_id` is None where it did not come to one."""
    is_known = run_id is not None and not _tell(settings, f"run {run_id}", "", None)
    if not is_known:
        _tell(settings, f"job {job}", reason, Failure("failed", reason, run_id))


def tell_organizations(settings: Settings, run_id: str, failures: Mapping[str, str | None]) -> None:
    """Tell which organizations could not be synced. `failures`: the reason of each, None where it worked."""
    for organization, reason in failures.items():
        if reason is None:
            heal(settings, f"organization {organization}")
        else:
            failure = Failure("partial", f"{organization}: {reason}", run_id)
            _tell(settings, f"organization {organization}", reason, failure)


def tell_late(settings: Settings, reason: str | None) -> None:
    """Tell that no sync has succeeded in time; None: one has."""
    if reason is None:
        heal(settings, "schedule")
    else:
        _tell(settings, "schedule", "late", Failure("late", reason))


def heal(settings: Settings, subject: str) -> None:
    """Note that what failed works again: its next failure is a new one."""
    _told_here.pop(subject, None)
    if not somebody_is_named(settings):
        return
    try:
        with store.opened(settings.notify_state, settings.umask) as db, store.transaction(db):
            db.execute("delete from told where subject = ?", [subject])
    except (sqlite3.Error, NotifyError) as error:
        log.warning("%s cannot be written: %s", settings.notify_state.name, error)


def somebody_is_named(settings: Settings) -> bool:
    """Return whether there is anyone to tell."""
    return any(True for _ in _recipients(settings))


def _recipients(settings: Settings) -> Iterator[Recipient]:
    """Yield those whom `.env` names, and the rows of recipients.csv that ask for failures."""
    named = {
        "failure_command": settings.on_failure_command,
        "failure_webhook": settings.on_failure_webhook,
    }
    for channel, value in named.items():
        if value.get_secret_value().strip():
            address = f"ON_{channel.upper()}"
            yield Recipient(None, channel, address, SYNC_RULES, None, None, None, "UTC", 0)
    for row in read_recipients(settings.seeds):
        if row.channel in CHANNELS and set(rules_of(row)) & set(SYNC_RULES):
            yield row


def _tell(settings: Settings, subject: str, reason: str, failure: Failure | None) -> bool:
    """Tell the failure if it is new, and note that; returns whether it is. Without a failure it is only noted."""
    recipients = list(_recipients(settings))
    if not recipients:
        return False
    if failure and (token := settings.sentry_auth_token.get_secret_value().strip()):
        failure = replace(failure, text=failure.text.replace(token, "[token]"))
    try:
        is_new = _note(settings, subject, reason, failure, recipients)
        if is_new and failure:
            deliver(settings)
    except (sqlite3.Error, NotifyError) as error:
        log.warning("%s cannot be written: %s", settings.notify_state.name, error)
        is_new = _told_here.get(subject) != reason
        _told_here[subject] = reason
        for message in _messages(failure, recipients) if is_new and failure else ():
            send_directly(settings, message)
    return is_new


def _note(
    settings: Settings,
    subject: str,
    reason: str,
    failure: Failure | None,
    recipients: list[Recipient],
) -> bool:
    """Note the failure and put it into the outbox, both or neither; returns whether it was new."""
    now = utc_now()
    with store.opened(settings.notify_state, settings.umask) as db, store.transaction(db):
        db.execute(
            "delete from told where subject like 'run %' and told_at < datetime('now', '-30 days')"
        )
        is_new = db.execute(TELL, [subject, reason]).rowcount > 0
        if is_new and failure:
            for recipient in recipients:
                if failure.rule in rules_of(recipient):
                    key = _key(recipient, subject, now.isoformat())
                    due_at = after_quiet_hours(recipient, now)
                    payload = failure.payload()
                    outbox.insert(db, recipient, failure.rule, key, payload, now, due_at)
    return is_new


def _messages(failure: Failure, recipients: list[Recipient]) -> Iterator[outbox.Message]:
    now = utc_now()
    for recipient in recipients:
        if failure.rule in rules_of(recipient):
            key = _key(recipient, failure.subject, now.isoformat())
            where = (recipient.team, recipient.channel, recipient.address)
            yield outbox.Message(0, key, *where, failure.rule, failure.payload(), now, 0)


def _key(recipient: Recipient, subject: str, at: str) -> str:
    text = "\n".join((recipient_key(recipient), subject, at))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
