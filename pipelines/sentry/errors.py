"""What can go wrong between us and a Sentry server, each with a message for people.

No message ever holds the token: it travels in a header only, and headers are never quoted.
"""

from __future__ import annotations

from collections.abc import Iterator


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


class TruncatedError(SentryError):
    """A listing cannot be trusted to be whole: too slow, a cursor that does not move, an end that is not marked."""


class ChangedTypeError(SentryError):
    """A field of the API has another type than it always had; names table and field, never a value."""


class StorageError(SentryError):
    """The disk has no room for the rows just read; says where, and that the warehouse is as it was."""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those behind it, each once: libraries can tie them into a circle."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
