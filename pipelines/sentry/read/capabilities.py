"""What not every server can tell: found out by trying, noted, and never a reason for an organization to fail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from pipelines.sentry.errors import (
    BadRequestError,
    ChangedTypeError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    TruncatedError,
    UnavailableError,
    UnusableReplyError,
)
from pipelines.sentry.http.session import SentrySession

log = logging.getLogger("pipelines.sentry")

# `failed`: it worked before, or was never asked for; the next sync asks again. `missing`: the next full sync does.
MISSING, FAILED, OFF = "missing", "failed", "off"
_MAY_PASS = (TruncatedError, UnavailableError)
_UNANSWERED = (
    BadRequestError,
    ChangedTypeError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    UnusableReplyError,
    *_MAY_PASS,
)


@dataclass
class Capabilities:
    """How one organization's server answered: `before`, in the last complete sync, and what this one `found`."""

    before: Mapping[str, Any]
    is_full: bool
    session: SentrySession
    organization: str
    found: dict[str, Any] = field(default_factory=dict)

    def worked(self, name: str) -> bool:
        """Return whether the last complete sync was answered."""
        return self.before.get(name) not in (None, MISSING, FAILED, OFF)

    def is_worth_asking(self, name: str) -> bool:
        """Return whether this sync is to ask; a server known not to answer is asked by full syncs only."""
        return self.is_full or self.before.get(name) != MISSING

    def forget(self, *names: str) -> None:
        """Ask as if never asked before."""
        self.before = {name: how for name, how in self.before.items() if name not in names}

    def keep(self, name: str) -> None:
        """Note that nothing was asked, so that what was known stays; a full sync forgets that it was `missing`."""
        if name in self.before and not (self.is_full and self.before[name] == MISSING):
            self.found[name] = self.before[name]

    def note_told(self, name: str, told: bool | None) -> None:
        """Note whether the rows of a listing told what they were asked for; None: there was no row."""
        if told is None:
            self.keep(name)
        else:
            self.found[name] = "expand" if told else MISSING

    def note_unanswered(self, name: str, error: SentryError) -> None:
        """Note that a question was not answered, and warn why."""
        known = self.before.get(name)
        passes = self.worked(name) or (known in (None, OFF) and isinstance(error, _MAY_PASS))
        self.found[name] = FAILED if passes else MISSING
        level = logging.INFO if known == MISSING else logging.WARNING
        log.log(level, "%s: without %s: %s", self.organization, name.replace("_", " "), error)

    def attempt(self, name: str, how: str, ask: Callable[[], None]) -> bool:
        """Ask, and note `how` that is answered; returns whether it is. What goes wrong is a warning.

        TokenRefusedError, and what is wrong on this side, is raised.
        """
        if not self.is_worth_asking(name):
            self.found[name] = MISSING
            return False
        try:
            with nullcontext() if self.worked(name) else self.session.retrying(attempts=2):
                ask()
        except _UNANSWERED as error:
            self.note_unanswered(name, error)
            return False
        self.found[name] = how
        return True
