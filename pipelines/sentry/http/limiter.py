"""How hard we may press one server: parallel requests overall, and requests per second for each endpoint.

Sentry counts per caller and endpoint in fixed windows (mostly of one second) and reports its numbers in
`X-Sentry-Rate-Limit-*`; its 429 carries no Retry-After. Servers without these headers (self-hosted, GlitchTip)
have no limit, and only the number of parallel requests bounds us there.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pipelines.sentry import bounds

# Stay below the limit: other users of the same token share its bucket.
SHARE_OF_LIMIT = 0.8
# Successful requests after which one more parallel request is tried again.
_RECOVER_AFTER = 20
_LONGEST_WAIT = 120.0
_MOST_DOUBLINGS = 4


@dataclass
class _Pace:
    """What is known of one endpoint's limit; times are seconds of time.monotonic()."""

    interval: float = 0.0
    not_before: float = 0.0
    active: int = 0
    refusals: int = 0  # bursts of them, without a success in between
    refused_until: float = 0.0
    is_known: bool = False


class Limiter:
    """One per token and server. Threads call `enter` before a request and `leave` after it.

    `pause`: seconds to wait after a 429 that does not say how long; doubles while it goes on.
    """

    def __init__(self, concurrency: int, pause: float = 1.0) -> None:
        self._pause = pause
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
        if limit and limit >= 1:
            pace.interval = 1 / (SHARE_OF_LIMIT * limit)
        if concurrent:
            self._most = max(1, min(self._most, int(concurrent)))
            self._allowed = min(self._allowed, self._most)
        now = time.monotonic()
        if status == 429:
            if now >= pace.refused_until:  # else another reply of the same burst
                pace.refusals += 1
                self._allowed = max(1, self._allowed // 2)
            wait = seconds_to_reset(headers)
            if wait is None:
                wait = self._pause * 2.0 ** min(pace.refusals - 1, _MOST_DOUBLINGS)
            pace.refused_until = max(pace.refused_until, now + wait)
            pace.not_before = max(pace.not_before, pace.refused_until)
            self._successes = 0
            return
        if remaining == 0:
            wait = seconds_to_reset(headers) or self._pause
            pace.not_before = max(pace.not_before, now + wait)
        if status < 400:
            pace.refusals = 0
            self._successes += 1
            if self._successes >= _RECOVER_AFTER and self._allowed < self._most:
                self._allowed += 1
                self._successes = 0


def seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the server's window starts anew, by the server's own clock; None if it does not say.

    `Retry-After` (GlitchTip, proxies) wins; then `X-Sentry-Rate-Limit-Reset` minus `Date`, at least a second because
    both are whole seconds.
    """
    retry_after = _number(headers.get("Retry-After"))
    if retry_after is not None:
        return min(max(retry_after, 0.1), _LONGEST_WAIT)
    reset, date = _number(headers.get("X-Sentry-Rate-Limit-Reset")), moment_of(headers.get("Date"))
    if reset is None or date is None:
        return None
    wait = reset - date.timestamp()
    return max(wait, 1.0) if wait <= _LONGEST_WAIT else None


def moment_of(date: str | None) -> datetime | None:
    """Return the time of a `Date` header (UTC), None if it has none that can be."""
    try:
        moment = parsedate_to_datetime(date or "").astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if bounds.is_possible(moment.replace(tzinfo=None)) else None


def _number(text: str | None) -> float | None:
    """Return what a header counts, None where that is no number from 0 on."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None
