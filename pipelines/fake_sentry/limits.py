"""Sentry's rate limits: fixed windows of real time per endpoint, headers on every answer, a 429 without Retry-After."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.fake_sentry.calls import HTML, Reply, reply_json

WINDOW = 1  # seconds


@dataclass
class Limits:
    """How many requests per second each bucket allows, and how many at once; change at will."""

    per_second: dict[str, int] = field(
        default_factory=lambda: {"issues": 10, "project_issues": 5, "detail": 5, "default": 40}
    )
    concurrent: int | None = 15
    clock: Callable[[], float] = time.time  # real time, not the world's
    _windows: dict[str, tuple[int, int]] = field(default_factory=dict)
    _running: dict[str, int] = field(default_factory=dict)

    def enter(self, bucket: str) -> tuple[dict[str, str], Reply | None]:
        """Count a request in; return the headers of its answer, and a 429 if it is one too many.

        `leave` must follow either way.
        """
        now = int(self.clock())
        window, used = self._windows.get(bucket, (now, 0))
        used = used + 1 if window == now else 1
        self._windows[bucket] = (now, used)
        running = self._running[bucket] = self._running.get(bucket, 0) + 1

        limit = self.per_second.get(bucket, self.per_second["default"])
        left = None if self.concurrent is None else max(0, self.concurrent - running)
        headers = {
            "X-Sentry-Rate-Limit-Limit": str(limit),
            "X-Sentry-Rate-Limit-Remaining": str(max(0, limit - used)),
            "X-Sentry-Rate-Limit-Reset": str(now + WINDOW),
            "X-Sentry-Rate-Limit-ConcurrentLimit": str(self.concurrent or ""),
            "X-Sentry-Rate-Limit-ConcurrentRemaining": "" if left is None else str(left),
        }
        if self.concurrent is not None and running > self.concurrent:
            return headers, too_many(
                "You are attempting to go above the allowed concurrency for this endpoint. "
                f"Concurrency limit is {self.concurrent}"
            )
        if used > limit:
            return headers, too_many(_too_often(limit))
        return headers, None

    def leave(self, bucket: str) -> None:
        """Count a request out that `enter` counted in."""
        self._running[bucket] -= 1


def too_many(detail: str = "") -> Reply:
    """Return the 429 of Sentry: JSON that calls itself HTML."""
    reply = reply_json({"detail": detail or _too_often(10)}, status=429)
    reply.content_type = HTML
    return reply


def _too_often(limit: int) -> str:
    return (
        "You are attempting to use this endpoint too frequently. "
        f"Limit is {limit} requests in {WINDOW} seconds"
    )
