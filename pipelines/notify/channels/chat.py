"""Chat by Apprise: Slack, Teams, Mattermost, Matrix and what else it knows, as plain text."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.notify.channels.channel import NotSentError, UncertainError, address_of, content_for
from pipelines.notify.content import rendered
from pipelines.notify.outbox import Message
from pipelines.settings import Settings

# What the request may have reached the other side before.
_MAY_HAVE_LEFT = re.compile(
    r"read timed out|connection aborted|remotedisconnected|reset by peer", re.I
)
# Mentions, links with a text of their own, and markup: as people see them, but nothing that a chat acts on.
_HARMLESS = {
    "<": "\u2039",
    ">": "\u203a",
    "@": "@\u200b",
    "](": "]\u200b(",
    "`": "\u02cb",
    "*": "\u2217",
}


class Chat:
    """A message as one text in one chat."""

    is_repeatable = False

    def place(self, message: Message) -> str:
        """Return the chat."""
        return f"chat {message.address}"

    def send(self, settings: Settings, message: Message) -> None:
        """Hand the text to Apprise, which says only whether it went well."""
        import apprise  # takes half a second, for those alone who have a chat

        to = apprise.Apprise()
        if not to.add(address_of(message)):
            raise NotSentError("Apprise does not know this kind of chat's address.")
        content = content_for(settings, message).mapped(harmless)
        with _log_of_apprise() as lines:
            is_sent = to.notify(
                title=content.subject,
                body=rendered(content, "message.txt"),
                body_format=apprise.NotifyFormat.TEXT,
                interpret_escapes=False,
            )
        if is_sent:
            return
        if any(_MAY_HAVE_LEFT.search(line) for line in lines):
            raise UncertainError("the chat did not answer")
        raise NotSentError("The chat did not take the message.")


def harmless(text: str) -> str:
    """Return the text without anything that a chat would act on: it names nobody and links nowhere."""
    for found, instead in _HARMLESS.items():
        text = text.replace(found, instead)
    return text


@contextmanager
def _log_of_apprise() -> Iterator[list[str]]:
    """Yield what Apprise logs meanwhile, and keep it out of our own log: it may hold the address."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log, handler = logging.getLogger("apprise"), Kept(logging.DEBUG)
    before = log.level, log.propagate
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(handler)
    try:
        yield lines
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]
