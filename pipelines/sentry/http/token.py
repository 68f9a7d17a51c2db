"""The token: put on each request, and taken out of whatever a server sends back."""

from __future__ import annotations

import html
import re

import requests
from requests.auth import AuthBase

from pipelines.sentry.errors import ConfigurationError

REPLACEMENT = "(SENTRY_AUTH_TOKEN)"


class Token(AuthBase):
    """The token of a session.

    As explicit auth it also keeps .netrc and a URL's password out of the header. Raises ConfigurationError for one
    that no header can carry, without quoting it.
    """

    def __init__(self, token: str) -> None:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError(
                "SENTRY_AUTH_TOKEN holds a blank, a line break or a character that no token has. "
                "Copy it again, without quotes or dots from a shortened display."
            )
        self._token = token
        self._pattern = re.compile("".join(map(_spellings, token)).encode(), re.IGNORECASE)
        # To look for these alone is a hundred times as fast, and a page hardly ever holds one.
        longest = max(re.findall(r"[\w.~-]+", token, re.ASCII), key=len, default="")
        first = f"{ord(token[0]):02x}" if token else ""
        marks = {
            longest,
            *(mark + code for mark in ("%", "%25", "u00") for code in (first, first.upper())),
        }
        self._marks = [mark.encode() for mark in marks if token]

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def redact(self, sent: bytes) -> bytes:
        """Return what a server sent without the token, also where it is escaped for an address, JSON or HTML."""
        if not any(mark in sent for mark in self._marks):
            return sent
        return self._pattern.sub(REPLACEMENT.encode(), sent)

    def redact_header(self, value: str) -> str:
        """Return a header's value without the token, and without characters that could drive a terminal."""
        sent = self.redact(value.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else "\ufffd" for letter in sent)


def _spellings(letter: str) -> str:
    """Return a pattern for the ways in which a letter of a token is written."""
    code = ord(letter)
    ways = [
        rf"\\?{re.escape(letter)}",
        f"%(?:25)*{code:02x}",
        rf"\\u00{code:02x}",
        re.escape(html.escape(letter)),
        f"&#(?:0*{code}|x0*{code:x});",
    ]
    return f"(?:{'|'.join(ways)})"
