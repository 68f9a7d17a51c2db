"""The outbox emptied: one process at a time sends what is due, and notes before and after what becomes of it."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipelines.notify import outbox, store
from pipelines.notify.channels import CHANNELS
from pipelines.notify.channels.channel import Channel, NotSentError, PostponedError, RefusedError
from pipelines.notify.outbox import Message
from pipelines.settings import Settings

log = logging.getLogger(__name__)

_WAIT = 30.0  # seconds, for another process to send what it has


def utc_now() -> datetime:
    """Return the time by this machine's clock, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def deliver(
    settings: Settings,
    channels: Mapping[str, Channel] = CHANNELS,
    now: Callable[[], datetime] = utc_now,
    longest: float = 30,
) -> Counter[str]:
    """Send what is due and return how many messages ended as what; who cannot be reached is said in the log.

    After `longest` seconds the rest waits for the next time.

    Raises NotifyError and sqlite3.Error where `notify.sqlite` cannot be used.
    """
    ended: Counter[str] = Counter()
    if not settings.notify_state.exists():
        return ended
    with _alone(settings.notify_state, settings.umask) as is_alone:
        if not is_alone:
            return ended
        with store.opened(settings.notify_state, settings.umask) as db:
            outbox.settle_interrupted(
                db, [name for name, channel in channels.items() if channel.is_repeatable]
            )
            outbox.forget_old(db, now())
            deadline, unreachable = time.monotonic() + longest, set[str]()
            for message in outbox.due(db, now()):
                channel = channels.get(message.channel)
                place = channel.place(message) if channel else ""
                if channel is None or time.monotonic() > deadline:
                    continue
                if unreachable & {place, message.channel}:
                    continue
                outbox.begin(db, message, now())
                try:
                    channel.send(settings, message)
                except NotSentError as error:
                    if not isinstance(error, PostponedError):
                        unreachable.add(message.channel if error.wait else place)
                    log.error("%s", error)
                    outbox.postpone(db, message, str(error), now(), error.wait)
                    ended["pending"] += 1
                except Exception as error:
                    ended[_end_badly(db, message, error)] += 1
                else:
                    outbox.end(db, message, "sent")
                    ended["sent"] += 1
    return ended


def _end_badly(db: sqlite3.Connection, message: Message, error: Exception) -> str:
    """Note that a message was refused, or that nobody knows whether it has left, also after a mistake of ours."""
    if isinstance(error, RefusedError):
        state, words = "failed", str(error)
        log.error("%s", words)
    else:
        state, words = "unknown", _words(error)
        log.error("Whether a message by %s was sent is not known: %s", message.channel, words)
    outbox.end(db, message, state, words)
    return state


def send_directly(settings: Settings, message: Message) -> None:
    """Send a message that cannot be kept, as on a full disk; what goes wrong is said in the log."""
    channel = CHANNELS.get(message.channel)
    try:
        if channel:
            channel.send(settings, message)
    except (NotSentError, RefusedError) as error:
        log.error("%s", error)
    except Exception as error:
        log.error(
            "Whether a message by %s was sent is not known: %s", message.channel, _words(error)
        )


def _words(error: Exception) -> str:
    """Return an error for people: those of a library by their kind alone, since they may name an address."""
    return str(error) if type(error).__module__.startswith("pipelines.") else type(error).__name__


@contextmanager
def _alone(state: Path, umask: int) -> Iterator[bool]:
    """Yield whether this is the only process that sends; the lock ends with its process."""
    path, mode = state.with_name(f"{state.name}.lock"), 0o666 & ~umask
    with open(path, "a+b", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        deadline = time.monotonic() + _WAIT
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    yield False
                    return
                time.sleep(0.05)
        yield True
