"""Connections that know whether they had answered before: a reset then says nothing about the server.

Some servers (Sentry's own port without a proxy in front) close connections that a client keeps for its next request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class ReusedConnectionError(ConnectionResetError):
    """The server had closed a connection that was kept from an earlier request."""


class _KnowsUse(HTTPConnection):
    _has_answered = False

    def connect(self) -> None:
        self._has_answered = False
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        with self._naming_resets():
            super().request(*args, **kwargs)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        with self._naming_resets():
            response = super().getresponse()
        self._has_answered = True
        return response

    @contextmanager
    def _naming_resets(self) -> Iterator[None]:
        try:
            yield
        except ConnectionResetError as error:
            if self._has_answered:
                raise ReusedConnectionError(*error.args) from error
            raise


class _KnowsUseOfTls(_KnowsUse, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _KnowsUse


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _KnowsUseOfTls


class PoolingAdapter(HTTPAdapter):
    """A requests adapter below whose errors there is a ReusedConnectionError where that was the reason."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Set up the pools, as requests asks for it."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
