"""One HTTP session per server: token, politeness, retries, and a clear error for every way a reply can be wrong."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import orjson
import requests
from requests.adapters import HTTPAdapter

from pipelines.sentry.errors import (
    BadRequestError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    TokenRefusedError,
    UnavailableError,
)
from pipelines.sentry.limiter import Limiter

_TIMEOUT = (10, 60)  # seconds to connect, to wait for the next bytes
_TORN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# Sentry answers 400 when its event store is overloaded or too slow; these words tell it from a bad question.
_OVERLOADED = re.compile(r"timeout|timed out|try again|too many|overload|temporar", re.IGNORECASE)
_IDS = re.compile(r"(?<=/issues/)\d+|(?<=/organizations/)[^/]+|(?<=/projects/)[^/]+/[^/]+(?=/)")


@dataclass(frozen=True)
class Patience:
    """How long to keep trying."""

    attempts: int = 6
    rate_limit_attempts: int = 30
    first_pause: float = 0.5  # seconds; doubles with each attempt
    longest_pause: float = 30.0
    brownout_pause: float = 61.0  # Sentry switches deprecated endpoints off for a minute at a time


@dataclass
class Traffic:
    """What the requests so far have cost. `requests` counts every try, retries included."""

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

    def snapshot(self) -> tuple[int, int, int, float]:
        """Return (requests, pages, retries, seconds_rate_limited) as of now."""
        with self.lock:
            return self.requests, self.pages, self.retries, self.seconds_rate_limited


class SentrySession(requests.Session):
    """A requests session whose `send` returns only whole JSON replies, and raises a SentryError otherwise.

    Attributes:
        traffic: the cost so far.
        server_time: the `Date` of the first reply, UTC: "now" by Sentry's own clock.

    """

    def __init__(
        self,
        token: str,
        concurrency: int = 5,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.patience = patience or Patience()
        self.traffic = Traffic()
        self.server_time: datetime | None = None
        self._sleep = sleep
        self._limiters: dict[str, Limiter] = {}
        self._limiters_lock = threading.Lock()
        self._concurrency = concurrency
        self.headers["Authorization"] = f"Bearer {token}"
        self.headers["User-Agent"] = "sentry-by-product"
        # A proxy's or .netrc's credentials must not replace the token.
        self.trust_env = False
        adapter = HTTPAdapter(pool_connections=concurrency, pool_maxsize=concurrency)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    @contextmanager
    def patience_of(self, attempts: int) -> Iterator[None]:
        """Give up sooner, for questions that a server may be unable to answer at all."""
        usual = self.patience
        self.patience = replace(usual, attempts=attempts)
        try:
            yield
        finally:
            self.patience = usual

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Return the whole JSON reply, after as many tries as patience allows; SentryError otherwise."""
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT
        endpoint = _IDS.sub("*", request.path_url.split("?")[0])
        limiter = self._limiter(str(request.url))
        failures = rate_limited = 0
        while True:
            response, trouble = self._try(request, endpoint, limiter, kwargs)
            if response is not None and trouble is None:
                return response
            if response is not None and response.status_code == 429:
                rate_limited += 1
                pause = 0.0  # the limiter makes the next try wait
            else:
                failures += 1
                pause = self._pause(failures, response)
            if (
                failures >= self._attempts(response)
                or rate_limited >= self.patience.rate_limit_attempts
            ):
                self._give_up(request, response, str(trouble), failures + rate_limited)
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
        trouble: str | None = None
        try:
            response = super().send(request, **kwargs)
        except _TORN as error:
            trouble = f"the connection failed ({type(error).__name__})"
        finally:
            limiter.leave(
                endpoint,
                response.status_code if response is not None else None,
                response.headers if response is not None else {},
            )
        if response is not None:
            self._note_time(response)
            trouble = _judge(response)
        return response, trouble

    def _attempts(self, response: requests.Response | None) -> int:
        is_brownout = response is not None and response.status_code == 410
        return 2 if is_brownout else self.patience.attempts

    def _pause(self, failures: int, response: requests.Response | None) -> float:
        if response is not None and response.status_code == 410:
            return self.patience.brownout_pause
        pause = min(self.patience.first_pause * 2.0 ** (failures - 1), self.patience.longest_pause)
        return float(pause * random.uniform(0.75, 1.25))

    def _give_up(
        self,
        request: requests.PreparedRequest,
        response: requests.Response | None,
        trouble: str,
        tries: int,
    ) -> NoReturn:
        where = str(request.url).split("?")[0]
        if response is not None and response.status_code == 410:
            raise EndpointMissingError(f"{where} has been switched off on this server (410).")
        if response is not None and response.status_code == 429:
            raise UnavailableError(
                f"{where} still refuses more requests (429) after {tries} tries."
            )
        raise UnavailableError(
            f"{where} failed {tries} times; last: {trouble}. The next run will try again."
        )

    def _limiter(self, url: str) -> Limiter:
        host = url.split("/", 3)[2]
        with self._limiters_lock:
            return self._limiters.setdefault(host, Limiter(self._concurrency))

    def _note_time(self, response: requests.Response) -> None:
        date = response.headers.get("Date")
        if self.server_time is None and date:
            self.server_time = parsedate_to_datetime(date).astimezone(UTC)


def _judge(response: requests.Response) -> str | None:
    """Return what may be mended by trying again, None for a whole JSON reply; raise for what is final."""
    status, where = response.status_code, response.url.split("?")[0]
    is_json = "json" in response.headers.get("Content-Type", "")
    if status == 429 or status >= 500 or status == 410:
        return f"HTTP {status}"
    if status == 400 and _OVERLOADED.search(response.text):
        return f"HTTP 400, {detail_of(response)}"
    if status == 401:
        raise TokenRefusedError(
            f"{where} refused the token (401, {detail_of(response)}). "
            "Check that SENTRY_AUTH_TOKEN is whole, not expired or revoked, and made for this server."
        )
    if status == 403:
        raise ForbiddenError(
            f"{where} is not allowed with this token (403, {detail_of(response)}). "
            "It needs the scopes org:read, project:read, team:read and event:read."
        )
    if status == 404 and is_json:
        raise NotFoundError(f"{where} does not exist, or this token cannot see it (404).")
    if status in (404, 405, 422) or (status < 400 and not is_json):
        raise EndpointMissingError(f"{where} is not an endpoint of this server (HTTP {status}).")
    if status >= 400:
        raise BadRequestError(f"{where} refused the question ({status}, {detail_of(response)}).")
    return _parse(response)


def _parse(response: requests.Response) -> str | None:
    """Parse the body once and keep it on the response; returns the trouble if it is torn."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        try:
            # orjson refuses lone surrogates, which Python servers can send inside a title.
            body = _without_surrogates(json.loads(response.content))
        except (ValueError, UnicodeDecodeError):
            return f"the body is not whole JSON ({len(response.content)} bytes)"
    response.__dict__["json"] = lambda **_: body
    return None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return value


def detail_of(response: requests.Response) -> str:
    """Return the server's own words, at most 200 characters: `detail` may be text, an object or absent."""
    try:
        body = json.loads(response.content)
    except (ValueError, UnicodeDecodeError):
        return "no reason given"
    detail = body.get("detail", body.get("message", "")) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        detail = detail.get("message") or detail.get("code") or ""
    return str(detail)[:200] or "no reason given"
