"""What can go wrong between us and a Sentry server, each with a message for people.

No message ever holds the token: it travels in a header only, and what a server sends back is redacted as it comes in.
"""

from __future__ import annotations

import errno
import logging
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]

log = logging.getLogger("pipelines.sentry")

# The last: a limit on the size of files.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# DuckDB's own limit on what it moves out of memory follows the room that is left.
_NO_ROOM_IN_WORDS = (*map(os.strerror, _NO_ROOM), "max_temp_directory_size")


class SentryError(Exception):
    """The base of all errors of this source; its text says what happened, where, and what to do."""


class ConfigurationError(SentryError):
    """A setting is missing or cannot work, and which one to change."""


class TokenRefusedError(SentryError):
    """401: the token is missing, mistyped, expired or revoked."""


class ForbiddenError(SentryError):
    """403: the token lacks a scope, or the project is not visible to it."""


class NotFoundError(SentryError):
    """404 with Sentry's JSON body: the thing itself does not exist (any more)."""


class EndpointMissingError(SentryError):
    """The server has no such endpoint: 404 or 200 with HTML, 405, 410, 422.

    `is_404`: an old server says so of a thing that does not exist, too; the other answers say nothing about things.
    """

    def __init__(self, message: str, *, is_404: bool = False) -> None:
        super().__init__(message)
        self.is_404 = is_404


class BadRequestError(SentryError):
    """400 with a reason, or a 5xx that came back every time: this server will not answer this question."""


class UnavailableError(SentryError):
    """The server could not be reached, or kept failing, until the retries were used up."""


class UnusableReplyError(SentryError):
    """A reply that no Sentry sends: beyond the bounds of size, time and depth, or with an address that is none."""


class TruncatedError(SentryError):
    """A listing cannot be trusted to be whole: too slow, a cursor that does not move, an end that is not marked."""


class ChangedTypeError(SentryError):
    """A field of the API has another type than it always had; names table and field, never a value."""


class UnexpectedError(SentryError):
    """Anything that is no error of ours; says of which type it was, and where."""


class StorageError(SentryError):
    """The disk has no room for the rows just read; says where, and that the warehouse is as it was."""


def as_failure(error: Exception) -> SentryError:
    """Return the error as the failure of an organization: one of ours as it is, of any other its type and place.

    The traceback of another goes to the log, and nowhere else.
    """
    if isinstance(error, SentryError):
        return error
    log.error("An error that this program does not expect:", exc_info=error)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    place = next(iter(reversed(ours or frames)), None)
    where = f" in {Path(place.filename).name}, line {place.lineno}" if place else ""
    return UnexpectedError(
        f"It failed with an error that this program does not expect ({type(error).__name__}{where}). "
        "The log has the whole of it; please report that."
    )


def is_disk_full(error: BaseException) -> bool:
    """Return whether the error means that this machine's disk is full; a SentryError may quote what a server says.

    DuckDB's and dlt's have the reason in the text of one of the chain only.
    """
    return not isinstance(error, SentryError) and any(
        (isinstance(each, OSError) and each.errno in _NO_ROOM)
        or any(reason in str(each) for reason in _NO_ROOM_IN_WORDS)
        for each in chain(error)
    )


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those behind it, each once: libraries can tie them into a circle."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
