"""How hard we may press one server: parallel requests overall, and requests per second for each endpoint.

Sentry counts per caller and endpoint in fixed windows (mostly of one second) and tells its numbers in
`X-Sentry-Rate-Limit-*`; its 429 carries no Retry-After. Servers without these headers (self-hosted, GlitchTip)
have no limit, and only the number of parallel requests bounds us there.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

# Stay below the limit: other users of the same token share its bucket.
SHARE_OF_LIMIT = 0.8
# Successful requests after which one more parallel request is tried again.
_RECOVER_AFTER = 20
_LONGEST_WAIT = 120.0


@dataclass
class _Pace:
    """What is known of one endpoint's limit; times are seconds of time.monotonic()."""

    interval: float = 0.0
    not_before: float = 0.0
    active: int = 0
    is_known: bool = False


class Limiter:
    """One per token and server. Threads call `enter` before a request and `leave` after it."""

    def __init__(self, concurrency: int) -> None:
        self._condition = threading.Condition()
        self._most = self._allowed = concurrency
        self._active = 0
        self._successes = 0
        self._paces: defaultdict[str, _Pace] = defaultdict(_Pace)

    def enter(self, endpoint: str) -> float:
        """Wait for a place; returns the seconds waited because of a rate limit.

        The first request to an endpoint goes alone, so that its headers are known before others follow.
        """
        limited = 0.0
        with self._condition:
            pace = self._paces[endpoint]
            while True:
                wait = pace.not_before - time.monotonic()
                is_free = self._active < self._allowed and (pace.is_known or pace.active == 0)
                if is_free and wait <= 0:
                    break
                started = time.monotonic()
                self._condition.wait(timeout=wait if is_free else None)
                if is_free:
                    limited += time.monotonic() - started
            pace.not_before = max(pace.not_before, time.monotonic()) + pace.interval
            pace.active += 1
            self._active += 1
        return limited

    def leave(self, endpoint: str, status: int | None, headers: Mapping[str, str]) -> None:
        """Give the place back and learn from the reply (status None: there was none)."""
        with self._condition:
            pace = self._paces[endpoint]
            pace.active -= 1
            self._active -= 1
            if status is not None:
                pace.is_known = True
                self._learn(pace, status, headers)
            self._condition.notify_all()

    def _learn(self, pace: _Pace, status: int, headers: Mapping[str, str]) -> None:
        limit = _number(headers.get("X-Sentry-Rate-Limit-Limit"))
        remaining = _number(headers.get("X-Sentry-Rate-Limit-Remaining"))
        concurrent = _number(headers.get("X-Sentry-Rate-Limit-ConcurrentLimit"))
        if limit:
            pace.interval = 1 / (SHARE_OF_LIMIT * limit)
        if concurrent:
            self._most = max(1, min(self._most, int(concurrent)))
            self._allowed = min(self._allowed, self._most)
        if status == 429 or (remaining is not None and remaining <= 0):
            pace.not_before = max(pace.not_before, time.monotonic() + seconds_to_reset(headers))
        if status == 429:
            self._allowed = max(1, self._allowed // 2)
            self._successes = 0
        elif status < 400:
            self._successes += 1
            if self._successes >= _RECOVER_AFTER and self._allowed < self._most:
                self._allowed += 1
                self._successes = 0


def seconds_to_reset(headers: Mapping[str, str]) -> float:
    """Return the seconds until the server's window starts anew, by the server's own clock.

    `Retry-After` (GlitchTip, proxies) wins; then `X-Sentry-Rate-Limit-Reset` minus `Date`; else one second.
    """
    retry_after = _number(headers.get("Retry-After"))
    if retry_after is not None:
        return min(max(retry_after, 0.1), _LONGEST_WAIT)
    reset, date = _number(headers.get("X-Sentry-Rate-Limit-Reset")), headers.get("Date")
    if reset is None or date is None:
        return 1.0
    wait = reset - parsedate_to_datetime(date).timestamp()
    return max(wait, 1.0) if wait <= _LONGEST_WAIT else 1.0


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
