"""One HTTP session per server: token, politeness, retries, and a clear error for every way a reply can be wrong."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import requests

from pipelines.sentry.errors import (
    EndpointMissingError,
    UnavailableError,
    UnusableReplyError,
    chain,
)
from pipelines.sentry.http.connections import ReusedConnectionError
from pipelines.sentry.http.limiter import Limiter, moment_of
from pipelines.sentry.http.responses import WEB_PAGE, address, classify, redirect_target
from pipelines.sentry.http.token import Token
from pipelines.sentry.http.wire import (
    ENCODINGS,
    BoundedAdapter,
    BoundError,
    exceeded,
    read_body,
)

_TIMEOUT = (10, 60)  # seconds to connect, to wait for the next bytes
_TORN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    BoundError,
)
_MOST_REDIRECTS = 3
# Says nothing about the server, so it is no failed attempt. With one in four requests hit, this many in a row are
# as good as never.
_REUSED = "the connection failed (the server had closed it since its last use)"
_MOST_REUSED = 20
# By a part of the name that urllib3 or the system gives to what happened.
_REASONS = {
    "NameResolution": "there is no host of this name",
    "NewConnection": "nothing answers at this address",
    "ConnectTimeout": "nothing answers at this address in time",
    "Timeout": "no answer came in time",
    "Incomplete": "the answer was cut off",
}
_IDS = re.compile(r"(?<=/issues/)\d+|(?<=/organizations/)[^/]+|(?<=/projects/)[^/]+/[^/]+(?=/)")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to keep trying."""

    attempts: int = 6
    rate_limit_attempts: int = 30
    first_pause: float = 0.5  # seconds; doubles with each attempt
    longest_pause: float = 30.0
    rate_limit_pause: float = 1.0  # when a 429 does not say how long; doubles while it goes on
    brownout_pause: float = 61.0  # Sentry switches deprecated endpoints off for a minute at a time


class TrafficCounts(NamedTuple):
    """What requests have cost up to a moment; every try is a request, retries included."""

    requests: int = 0
    pages: int = 0
    retries: int = 0
    seconds_rate_limited: float = 0.0

    def since(self, before: TrafficCounts) -> TrafficCounts:
        """Return what came after an earlier moment."""
        return TrafficCounts(
            self.requests - before.requests,
            self.pages - before.pages,
            self.retries - before.retries,
            self.seconds_rate_limited - before.seconds_rate_limited,
        )


@dataclass
class Traffic:
    """The running counts of a session, which threads add to."""

    requests: int = 0
    pages: int = 0
    retries: int = 0
    seconds_rate_limited: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, **amounts: float) -> None:
        """Add to the named counters."""
        with self.lock:
            for name, amount in amounts.items():
                setattr(self, name, getattr(self, name) + amount)

    def counts(self) -> TrafficCounts:
        """Return the counts as of now."""
        with self.lock:
            return TrafficCounts(self.requests, self.pages, self.retries, self.seconds_rate_limited)


class SentrySession(requests.Session):
    """A requests session whose `send` returns only whole JSON replies, and raises a SentryError otherwise.

    Raises ConfigurationError for a token that no header can carry, without quoting it.

    Attributes:
        traffic: the cost so far.
        server_time: the `Date` of the first reply, UTC: "now" by Sentry's own clock.

    """

    def __init__(
        self,
        token: str,
        concurrency: int = 5,
        retry_policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.retry_policy = retry_policy or RetryPolicy()
        self.traffic = Traffic()
        self.server_time: datetime | None = None
        self._sleep = sleep
        self._environment: dict[str, Any] = {}
        self._limiters: dict[str, Limiter] = {}
        self._limiters_lock = threading.Lock()
        self._concurrency = concurrency
        self._token = self.auth = Token(token)
        self.headers.update({"User-Agent": "sentry-by-product", "Accept-Encoding": ENCODINGS})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = BoundedAdapter(pool_connections=concurrency, pool_maxsize=concurrency)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def merge_environment_settings(self, url: str | bytes | None, *settings: Any) -> Any:
        """Return proxies and certificates as the environment has them, looked up once per server: it takes a while."""
        host = urlsplit(str(url)).netloc
        if host not in self._environment:
            self._environment[host] = super().merge_environment_settings(url, *settings)
        return dict(self._environment[host])

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: `send` follows redirects, and requests would read their bodies to any length."""

    @contextmanager
    def retrying(self, attempts: int) -> Iterator[None]:
        """Give up sooner, for questions that a server may be unable to answer at all."""
        usual = self.retry_policy
        self.retry_policy = replace(usual, attempts=attempts)
        try:
            yield
        finally:
            self.retry_policy = usual

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Return the whole JSON reply, after as many tries as the retry policy allows; SentryError otherwise.

        A redirect is followed on the same server only, as from a project's former slug: the token goes nowhere else.
        """
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT
        kwargs |= {"allow_redirects": False, "stream": True}
        for _ in range(_MOST_REDIRECTS):
            response = self._persist(request, kwargs)
            if not response.is_redirect:
                return response
            request = request.copy()
            request.url = redirect_target(response)
        raise UnavailableError(f"{address(request.url)} redirects in circles.")

    def _persist(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> requests.Response:
        """Try until there is a whole reply or a redirect to follow."""
        endpoint = _IDS.sub("*", request.path_url.split("?")[0])
        limiter = self._limiter(str(request.url))
        failures = rate_limited = missing = reused = 0
        while True:
            response, problem = self._try(request, endpoint, limiter, kwargs)
            if response is not None and problem is None:
                return response
            status = response.status_code if response is not None else None
            if problem == _REUSED and reused < _MOST_REUSED:
                reused += 1
                pause = 0.0
            elif status == 429:
                rate_limited += 1
                pause = 0.0  # the limiter makes the next try wait
            elif status == 410:
                missing += 1
                pause = self.retry_policy.brownout_pause
            elif problem == WEB_PAGE:
                missing += 1
                pause = self._pause(missing)
            else:
                failures += 1
                pause = self._pause(failures)
            if (
                failures >= self.retry_policy.attempts
                or rate_limited >= self.retry_policy.rate_limit_attempts
                or missing >= 2
            ):
                tries = failures + rate_limited + missing
                _give_up(request, status, str(problem), tries)
            self.traffic.add(retries=1)
            self._sleep(pause)

    def _try(
        self,
        request: requests.PreparedRequest,
        endpoint: str,
        limiter: Limiter,
        kwargs: dict[str, Any],
    ) -> tuple[requests.Response | None, str | None]:
        """Return the reply and what is wrong with it that another try may mend (None: nothing)."""
        waited = limiter.enter(endpoint)
        self.traffic.add(requests=1, seconds_rate_limited=waited)
        response: requests.Response | None = None
        problem = beyond = None
        try:
            response = self._receive(request, kwargs)
        except _TORN as error:
            beyond = exceeded(error)
            is_reused = any(isinstance(each, ReusedConnectionError) for each in chain(error))
            problem = _REUSED if is_reused else f"the connection failed ({_reason(error)})"
        finally:
            limiter.leave(
                endpoint,
                response.status_code if response is not None else None,
                response.headers if response is not None else {},
            )
        if beyond:
            raise UnusableReplyError(f"{address(request.url)}: the answer {beyond}.")
        if response is not None:
            self._note_time(response)
            problem = classify(response)
        return response, problem

    def _receive(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> requests.Response:
        """Return the whole reply as it may go on from here: within its bounds and without the token."""
        response = super().send(request, **kwargs)
        for name, value in response.headers.items():
            response.headers[name] = self._token.redact_header(value)
        response._content = self._token.redact(read_body(response))
        return response

    def _pause(self, failures: int) -> float:
        pause = min(
            self.retry_policy.first_pause * 2.0 ** (failures - 1), self.retry_policy.longest_pause
        )
        return float(pause * random.uniform(0.75, 1.25))

    def _limiter(self, url: str) -> Limiter:
        host = urlsplit(url).netloc
        with self._limiters_lock:
            if host not in self._limiters:
                self._limiters[host] = Limiter(
                    self._concurrency, self.retry_policy.rate_limit_pause
                )
            return self._limiters[host]

    def _note_time(self, response: requests.Response) -> None:
        if self.server_time is None and (moment := moment_of(response.headers.get("Date"))):
            self.server_time = moment


def _give_up(
    request: requests.PreparedRequest, status: int | None, problem: str, tries: int
) -> NoReturn:
    where = address(request.url)
    if status == 410:
        raise EndpointMissingError(f"{where} has been switched off on this server (410).")
    if problem == WEB_PAGE:
        raise EndpointMissingError(
            f"{where} is not an endpoint of this server (HTTP {status}, {problem})."
        )
    if status == 429:
        raise UnavailableError(
            f"{where} still refuses more requests (429) after {tries} tries. "
            "Lower SENTRY_CONCURRENCY if others use this token too; the next run will try again."
        )
    if tries == 1:
        raise UnavailableError(f"{where}: {problem}.")
    raise UnavailableError(
        f"{where} failed {tries} times; last: {problem}. The next run will try again."
    )


def _reason(error: OSError) -> str:
    """Return what kind of failure lies below; the text of the exception would quote the whole request."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted; REQUESTS_CA_BUNDLE can name your own authority's"
    cause = error.args[0] if error.args else error
    kind = type(getattr(cause, "reason", cause)).__name__
    return next((words for part, words in _REASONS.items() if part in kind), "it broke off")
