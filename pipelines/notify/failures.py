"""Each failure is told once, and again only after what failed has worked in between, or fails for another reason.

`notify.sqlite` keeps what has been told, so that several processes tell it once: the run itself, the daemon's sensors
and the command that started the run.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress

from pipelines.notify.send import Failure, send, somebody_is_named
from pipelines.settings import Settings

log = logging.getLogger(__name__)

KILLED = (
    "Its process ended without a word: it was killed, or there was not enough memory. "
    "What it had not loaded in full is not in the warehouse."
)
CREATE = "create table if not exists told (subject text primary key, reason text, told_at text)"
# Changes a row, or not, in one step: of several processes one is the first.
TELL = """
insert into told values (?, ?, datetime('now'))
on conflict (subject) do update set reason = excluded.reason, told_at = excluded.told_at
where reason <> excluded.reason
"""
# Where nothing can be kept, on a full disk, each process at least knows what it has told itself.
_told_here: dict[str, str] = {}


def tell_failed_run(settings: Settings, job: str, run_id: str | None, reason: str) -> None:
    """Tell that a run of the job has failed; `run_id` is None where it did not come to one."""
    is_known = run_id is not None and not _is_new(settings, f"run {run_id}", "")
    if not is_known and _is_new(settings, f"job {job}", reason):
        send(settings, Failure("failed", reason, run_id))


def tell_organizations(settings: Settings, run_id: str, failures: Mapping[str, str | None]) -> None:
    """Tell which organizations could not be synced. `failures`: the reason of each, None where it worked."""
    for organization, reason in failures.items():
        if reason is None:
            heal(settings, f"organization {organization}")
        elif _is_new(settings, f"organization {organization}", reason):
            send(settings, Failure("partial", f"{organization}: {reason}", run_id))


def tell_late(settings: Settings, reason: str | None) -> None:
    """Tell that no sync has succeeded in time; None: one has."""
    if reason is None:
        heal(settings, "schedule")
    elif _is_new(settings, "schedule", "late"):
        send(settings, Failure("late", reason))


def heal(settings: Settings, subject: str) -> None:
    """Note that what failed works again: its next failure is a new one."""
    _told_here.pop(subject, None)
    if not somebody_is_named(settings):
        return
    try:
        with closing(_open(settings)) as db, db:
            db.execute("delete from told where subject = ?", [subject])
    except sqlite3.Error as error:
        log.warning("%s cannot be written: %s", settings.notify_state.name, error)


def _is_new(settings: Settings, subject: str, reason: str) -> bool:
    """Return whether this is to be told now, and note that it has been."""
    if not somebody_is_named(settings):
        return False
    try:
        with closing(_open(settings)) as db, db:
            db.execute(
                "delete from told where subject like 'run %' and told_at < datetime('now', '-30 days')"
            )
            return db.execute(TELL, [subject, reason]).rowcount > 0
    except sqlite3.Error as error:
        log.warning("%s cannot be written: %s", settings.notify_state.name, error)
        is_new = _told_here.get(subject) != reason
        _told_here[subject] = reason
        return is_new


def _open(settings: Settings) -> sqlite3.Connection:
    with suppress(OSError):
        settings.data.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(settings.notify_state, timeout=5)
    db.execute(CREATE)
    return db
