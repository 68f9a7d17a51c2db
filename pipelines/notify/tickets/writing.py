"""A message of the outbox carried out in Jira. Each step asks first what is done, so that it may be done again.

Before a ticket is created it is noted that Jira is asked. If then no key is noted, Jira may have it: it is looked up
by its label, for as long as a search may lag behind, before another is created.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pipelines.catalog.recipient_check import TICKET_RULES
from pipelines.notify.tickets import text
from pipelines.notify.tickets.jira_server import JiraProblemError, JiraServer
from pipelines.notify.tickets.ticket import Place, Subject, Ticket, begin, newest, note

LOOKED_UP = timedelta(minutes=10)


class LookedUpError(Exception):
    """Whether Jira has created the ticket is not known yet."""


@dataclass(frozen=True)
class Happened:
    """What happened to an issue, as a message holds it. `as_of`: of the publication that showed it."""

    message_key: str
    rule: str
    as_of: datetime
    opened_at: datetime
    group: dict[str, Any]
    item: dict[str, Any]

    def as_return(self) -> Happened:
        """Return that the issue came back when its stretch began."""
        return replace(self, rule="regressed", item={**self.item, "at": self.opened_at.isoformat()})


def happened(message_key: str, rule: str, payload: dict[str, Any]) -> Happened:
    """Return what a message is about."""
    [group] = payload["groups"]
    [item] = group["items"]
    opened_at, as_of = map(datetime.fromisoformat, (item["opened_at"], payload["as_of"]))
    return Happened(message_key, rule, as_of, opened_at, group, item)


class Writing:
    """Writes into one place of Jira's, and notes each step."""

    def __init__(
        self,
        db: sqlite3.Connection,
        server: JiraServer,
        place: Place,
        pages_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._db, self._server, self._place, self._pages_url = db, server, place, pages_url
        self._now = now

    def carry_out(self, what: Happened) -> None:
        """Create the ticket, reopen it, or comment on it. Raises JiraProblemError and LookedUpError."""
        subject = Subject(self._place.project, what.item["organization"], what.item["subject"])
        ticket = newest(self._db, subject)
        if ticket is None:
            # One that was to be told of as resolved has gone with a file that was lost.
            if what.rule != "resolved":
                made = (what.opened_at, what.as_of, what.message_key)
                self._completed(begin(self._db, subject, *made), what)
            return
        ticket = self._completed(ticket, what)
        if ticket.made_by == what.message_key:
            return
        # That it came back was seen by who wrote the message; others say only which stretch they are about.
        is_return = what.rule == "regressed" and what.opened_at > ticket.opened_at
        if is_return or (what.rule in TICKET_RULES and what.opened_at > ticket.seen_until):
            self._come_back(ticket, what)
        elif what.rule in ("sla_breached", "resolved"):
            self._comment(ticket, what)

    def _completed(self, ticket: Ticket, what: Happened) -> Ticket:
        """Return the ticket once it is there and linked."""
        if ticket.key is None:
            key = self._server.find(ticket.label)
            if key is None:
                ticket, key = self._created(ticket, what)
            facts = {
                "url": self._server.url_of(key),
                "created_at": self._now().replace(microsecond=0),
            }
            ticket = note(self._db, ticket, ticket_key=key, **facts)
        if not ticket.is_linked and ticket.key and ticket.earlier_key:
            self._server.link(ticket.key, ticket.earlier_key)
            ticket = note(self._db, ticket, is_linked=True)
        return ticket

    def _created(self, ticket: Ticket, what: Happened) -> tuple[Ticket, str]:
        """Create the ticket and return it with its key; its text is then what this message says."""
        now = self._now()
        if ticket.asked_at is not None and now < ticket.asked_at + LOOKED_UP:
            raise LookedUpError(
                f"Whether Jira created the ticket is not known yet. It is looked up by its label {ticket.label}, "
                f"and created anew {LOOKED_UP.total_seconds() / 60:.0f} minutes after the first try."
            )
        ticket = note(self._db, ticket, asked_at=now, made_by=what.message_key)
        if ticket.earlier_key or what.rule == "regressed":
            what = what.as_return()
        description = text.description(
            what.item, what.group, what.rule, self._pages_url, ticket.earlier_key
        )
        summary = text.summary(what.item, what.group)
        try:
            key = self._server.create(*self._place, ticket.label, summary, description)
        except JiraProblemError as problem:
            if problem.is_certain:
                note(self._db, ticket, asked_at=None)
            raise
        return ticket, key

    def _come_back(self, ticket: Ticket, what: Happened) -> None:
        """Reopen the ticket, or create another that is linked to it where its workflow has no way back."""
        assert ticket.key is not None  # it is completed
        state = self._server.state(ticket.key)
        if state is None or (state.category == "done" and not self._server.reopen(ticket.key)):
            made = (what.opened_at, what.as_of, what.message_key)
            earlier = ticket.key if state else None
            self._completed(begin(self._db, ticket.subject, *made, earlier), what)
            return
        self._comment(ticket, what.as_return())
        if what.rule == "sla_breached":
            self._comment(ticket, what)
        until = max(what.opened_at, what.as_of, ticket.seen_until)
        note(self._db, ticket, opened_at=what.opened_at, seen_until=until)

    def _comment(self, ticket: Ticket, what: Happened) -> None:
        assert ticket.key is not None  # it is completed
        sentence, words = text.happened(what.item, what.rule), text.comment(what.item, what.rule)
        try:
            self._server.comment_once(ticket.key, sentence, words)
        except JiraProblemError as problem:
            # It was deleted there: nobody is left to be told.
            if problem.status != 404:
                raise
