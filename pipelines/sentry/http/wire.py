"""How bytes come in from a server that nobody vouches for: within a time and up to a size, whatever it sends.

A read timeout bounds the silence between two bytes and nothing else: one byte a second goes on for ever, and so does
a header, or the length of a chunk, that never ends its line.
"""

from __future__ import annotations

import io
import logging
import socket
import time
from functools import lru_cache, partial
from http.client import HTTPResponse
from typing import Any

import requests

from pipelines.sentry import bounds
from pipelines.sentry.errors import chain
from pipelines.sentry.http.connections import PoolingAdapter

# Those that the standard library unpacks piece by piece; others may make gigabytes of one piece.
ENCODINGS = "gzip, deflate"
_PIECE = 16 * 1024
_MB = 1024**2
# It warns of headers that it cannot read by quoting them, and a server may send the token back in one.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class BoundError(OSError):
    """A reply goes on beyond its time or size; an OSError, as the libraries in between expect of a connection."""


class BoundedAdapter(PoolingAdapter):
    """An adapter whose connections give up on a reply that does not end."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of connections for a request."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _bounded(pool.ConnectionCls)
        return pool


def read_body(response: requests.Response) -> bytes:
    """Return the unpacked body of a streamed reply; raises BoundError, also from within a RequestException."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", *ENCODINGS.split(", ")):
        response.close()
        raise BoundError(f"is packed as {encoding:.50}; only {ENCODINGS} was asked for")
    pieces, size = [], 0
    for piece in response.iter_content(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > bounds.REPLY_BYTES:
            response.close()
            raise BoundError(_too_long())
    return b"".join(pieces)


def exceeded(error: BaseException) -> str | None:
    """Return which bound of a reply lies behind a failure of the connection, None if none does."""
    return next((str(each) for each in chain(error) if isinstance(each, BoundError)), None)


def _too_long() -> str:
    return f"is longer than {bounds.REPLY_BYTES / _MB:,.0f} MB; none of Sentry's comes near that"


class _BoundedReader(io.RawIOBase):
    """The bytes of one reply as they come from the socket, headers included."""

    def __init__(self, connection: socket.socket, stream: io.RawIOBase, deadline: float) -> None:
        self._connection, self._stream, self._deadline = connection, stream, deadline
        self._silence = connection.gettimeout()
        # Packed is smaller; the rest is for headers and the frames of chunks.
        self._left = 2 * bounds.REPLY_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._deadline - time.monotonic()
        if seconds > 0:
            self._connection.settimeout(min(seconds, self._silence or seconds))
            try:
                count = self._stream.readinto(buffer)
            except TimeoutError:
                if time.monotonic() < self._deadline:
                    raise
            else:
                self._left -= count or 0
                if self._left < 0:
                    raise BoundError(_too_long())
                return count
        raise BoundError(f"had not ended after {bounds.REPLY_SECONDS:,.0f} seconds")

    def close(self) -> None:
        self._stream.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        reader = _BoundedReader(sock, self.fp.detach(), deadline)
        self.fp = io.BufferedReader(reader)


class _BoundedConnection:
    """Goes before urllib3's connection class."""

    def getresponse(self) -> Any:
        deadline = time.monotonic() + bounds.REPLY_SECONDS
        self.response_class = partial(_BoundedResponse, deadline=deadline)
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            del self.response_class


@lru_cache
def _bounded(connection_class: type) -> type:
    if issubclass(connection_class, _BoundedConnection):
        return connection_class
    return type(f"Bounded{connection_class.__name__}", (_BoundedConnection, connection_class), {})
