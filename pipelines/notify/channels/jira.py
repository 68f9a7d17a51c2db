"""Tickets in Jira: a message is one thing that happened to one issue, and may be carried out again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from pipelines.catalog import read_recipients
from pipelines.notify import store
from pipelines.notify.channels.channel import NotSentError, PostponedError, address_of
from pipelines.notify.outbox import Message
from pipelines.notify.tickets.jira_server import JiraProblemError, JiraServer, configured
from pipelines.notify.tickets.ticket import Place, place_of
from pipelines.notify.tickets.writing import LookedUpError, Writing, happened
from pipelines.settings import Settings, SettingsError


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Jira:
    """A message carried out in the project that recipients.csv names."""

    is_repeatable = True

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._now = now
        self._servers: dict[tuple[str, str, str], JiraServer] = {}

    def place(self, message: Message) -> str:
        """Return the project."""
        return f"jira {message.address}"

    def send(self, settings: Settings, message: Message) -> None:
        """Create the ticket of an issue, reopen it or comment on it. NotSentError also where that is not known."""
        place = _place(settings, address_of(message))
        try:
            server = self.server(settings)
            with store.opened(settings.notify_state, settings.umask) as db:
                writing = Writing(db, server, place, _pages_url(settings), self._now)
                writing.carry_out(happened(message.key, message.rule, message.payload))
        except LookedUpError as error:
            raise PostponedError(str(error)) from None
        except (sqlite3.Error, store.NotifyError) as error:
            raise NotSentError(f"{settings.notify_state.name} cannot be written: {error}") from None
        except JiraProblemError as problem:
            kind = PostponedError if problem.is_of_one else NotSentError
            raise kind(str(problem), problem.wait) from None

    def server(self, settings: Settings) -> JiraServer:
        """Return Jira, asked once per process what kind of Jira it is. Raises JiraProblemError."""
        login = configured(settings)
        if login not in self._servers:
            self._servers = {login: JiraServer(*login)}
        return self._servers[login]


def _place(settings: Settings, address: str) -> Place:
    """Return where an address leads; once recipients.csv names another type for the project, with that one."""
    place = place_of(address)
    places = [
        place_of(row.address) for row in read_recipients(settings.seeds) if row.channel == "jira"
    ]
    if place in places:
        return place
    return next((other for other in places if other.project == place.project), place)


def _pages_url(settings: Settings) -> str:
    try:
        return settings.pages_address
    except SettingsError:
        return ""
