"""We never press a server harder than it allows, and press on again when it allows more."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sentry.http.limiter import Limiter, moment_of, seconds_to_reset


class Server:
    """Counts who is inside, and answers at once with the same headers."""

    def __init__(self, limiter: Limiter, headers: dict[str, str] | None = None) -> None:
        self.limiter, self.headers = limiter, headers or {}
        self.inside = self.most = 0
        self.entered: list[float] = []
        self.lock = threading.Lock()

    def call(self, status: int = 200, endpoint: str = "issues") -> None:
        self.limiter.enter(endpoint)
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.entered.append(time.monotonic())
        with self.lock:
            self.inside -= 1
        self.limiter.leave(endpoint, status, self.headers)


def at_once(calls: int, call: Callable[[], object]) -> None:
    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(call) for _ in range(calls)]:
            future.result(timeout=30)


def test_no_more_are_under_way_than_allowed() -> None:
    server = Server(Limiter(3))
    at_once(200, server.call)
    assert server.most <= 3
    assert len(server.entered) == 200


def test_the_first_request_to_an_endpoint_goes_alone() -> None:
    limiter = Limiter(5)
    limiter.enter("issues")
    second = threading.Thread(target=limiter.enter, args=("issues",), daemon=True)
    second.start()
    limiter.enter("projects")  # another endpoint need not wait
    assert second.is_alive()
    limiter.leave("issues", 200, {})
    second.join(10)
    assert not second.is_alive()


@pytest.mark.parametrize("limit", [50, 200])
def test_a_window_never_sees_more_than_its_limit(limit: int) -> None:
    server = Server(Limiter(10), {"X-Sentry-Rate-Limit-Limit": str(limit)})
    started = time.monotonic()
    at_once(limit // 4, server.call)
    # The share that is ours, evenly spaced: the whole would take 1.25 s.
    assert time.monotonic() - started >= (limit // 4 - 2) / (0.8 * limit)


def test_a_concurrent_limit_is_obeyed_from_the_first_reply_on() -> None:
    server = Server(Limiter(10), {"X-Sentry-Rate-Limit-ConcurrentLimit": "2"})
    server.call()
    server.most = 0
    at_once(100, server.call)
    assert server.most <= 2


def test_refusals_halve_the_pressure_and_successes_bring_it_back() -> None:
    limiter = Limiter(8, pause=0.001)
    server = Server(limiter)
    server.call(429)
    assert limiter._allowed == 4
    for _ in range(80):
        server.call(200)
    assert limiter._allowed == 8


def test_refusals_that_say_nothing_wait_twice_as_long_each_time() -> None:
    limiter = Limiter(1, pause=0.01)
    server = Server(limiter)
    for _ in range(5):
        server.call(429)
    gaps = [b - a for a, b in itertools.pairwise(server.entered)]
    assert all(gap >= 0.01 * 2**n for n, gap in enumerate(gaps))


def test_one_burst_of_refusals_counts_once() -> None:
    limiter = Limiter(8, pause=0.02)
    limiter.enter("issues")
    limiter.leave("issues", 200, {})
    for _ in range(8):
        limiter.enter("issues")
    for _ in range(8):
        limiter.leave("issues", 429, {})
    assert limiter._allowed == 4
    assert limiter._paces["issues"].refusals == 1


DATE = "Mon, 02 Nov 2026 09:00:00 GMT"
EPOCH = 1793610000  # the same moment


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.1),
        ({"Retry-After": "9999"}, 120.0),
        ({"Retry-After": "1e999"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"X-Sentry-Rate-Limit-Reset": str(EPOCH + 3), "Date": DATE}, 3.0),
        ({"X-Sentry-Rate-Limit-Reset": str(EPOCH), "Date": DATE}, 1.0),
        ({"X-Sentry-Rate-Limit-Reset": str(EPOCH + 10**6), "Date": DATE}, None),
        ({"X-Sentry-Rate-Limit-Reset": "", "Date": DATE}, None),
        ({"X-Sentry-Rate-Limit-Reset": str(EPOCH), "Date": "yesterday"}, None),
        ({"X-Sentry-Rate-Limit-Reset": "inf", "Date": DATE}, None),
        ({"X-Sentry-Rate-Limit-Reset": str(EPOCH), "Date": DATE.replace("2026", "9999")}, None),
    ],
)
def test_how_long_to_wait_is_told_by_the_servers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert seconds_to_reset(headers) == seconds


@given(st.text())
def test_any_date_header_is_a_time_or_none(text: str) -> None:
    moment = moment_of(text)
    assert moment is None or 1970 <= moment.year < 2100


@pytest.mark.parametrize("status", [200, 429])
@pytest.mark.parametrize("name", ["Limit", "Remaining", "Reset", "ConcurrentLimit"])
@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "-7", "9" * 400, "many"])
def test_a_header_that_counts_nothing_holds_nobody_up(status: int, name: str, value: str) -> None:
    limiter = Limiter(4, pause=0.001)
    server = Server(limiter, {f"X-Sentry-Rate-Limit-{name}": value, "Date": DATE})
    started = time.monotonic()
    for _ in range(3):
        server.call(status)
    assert time.monotonic() - started < 1
