"""What a channel is: it sends a message, or says why not in words that hold no secret."""

from __future__ import annotations

from typing import Protocol

from pipelines.catalog.recipient_check import address_problem
from pipelines.catalog.recipient_values import environment_name
from pipelines.environment import from_environment
from pipelines.notify.content import Content, content_of
from pipelines.notify.outbox import Message
from pipelines.settings import Settings, SettingsError


class NotSentError(Exception):
    """Nothing has left; it may be tried again later. `wait`: the seconds for which the other side wants to be left."""

    def __init__(self, words: str, wait: float | None = None) -> None:
        super().__init__(words)
        self.wait = wait


class PostponedError(NotSentError):
    """Nothing of this message has left; others may go by the same way."""


class RefusedError(Exception):
    """Nothing has left, and nothing will: the other side refuses this message."""


class UncertainError(Exception):
    """Whether it was taken is not known."""


class Channel(Protocol):
    """A way to somebody. `is_repeatable`: the other side knows a message again, so that it may be sent twice."""

    is_repeatable: bool

    def place(self, message: Message) -> str:
        """Return what does not need to be tried again in this pass once it could not be reached."""

    def send(self, settings: Settings, message: Message) -> None:
        """Send it. Raises NotSentError, RefusedError, or UncertainError and whatever else where that is not known."""


def address_of(message: Message) -> str:
    """Return where a message goes; NotSentError if the environment does not say so."""
    name = environment_name(message.address)
    if name is None:
        return message.address
    address = from_environment(name)
    if not address:
        raise PostponedError(f"{name} is not set, and recipients.csv names it as an address.")
    if address_problem(message.channel, address):
        raise PostponedError(f"{name} holds no address of channel {message.channel}.")
    return address


def content_for(settings: Settings, message: Message) -> Content:
    """Return what a message says, with links to the pages where PAGES_URL names them."""
    try:
        pages_url = settings.pages_address
    except SettingsError:
        pages_url = ""
    return content_of(message.payload, pages_url)
