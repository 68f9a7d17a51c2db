"""Sentry's endpoints as plain calls: pages of a listing, or one object."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dlt.common.jsonpath import compile_path
from dlt.sources.helpers.rest_client.client import RESTClient

from pipelines.addresses import is_address
from pipelines.sentry import bounds
from pipelines.sentry.errors import (
    BadRequestError,
    ChangedTypeError,
    ConfigurationError,
    TruncatedError,
    UnusableReplyError,
    as_failure,
)
from pipelines.sentry.http.paginator import SentryPaginator, names_next_page, next_cursor
from pipelines.sentry.http.session import SentrySession
from pipelines.sentry.rows.typed import kind

Params = Mapping[str, Any]
Row = dict[str, Any]

# Sentry reads per_page (issue lists: limit), GlitchTip reads limit; each ignores the other's word.
FULL_PAGE = {"per_page": 100, "limit": 100}
_WHOLE_BODY = compile_path("$")  # once, and not for every page
# One registered owner; a last part like this elsewhere (".co.uk") has many.
_SAAS = ".sentry.io"


@dataclass(frozen=True)
class Page:
    """One page of a listing, the seconds that the server took for it, and whether it says that it is the last."""

    rows: list[Row]
    seconds: float
    is_last: bool


class SentryApi:
    """One base address (a region, or a self-hosted server) through the shared session.

    Raises ConfigurationError for an address that holds a password.
    """

    def __init__(self, base_url: str, session: SentrySession) -> None:
        if "@" in urlsplit(base_url).netloc:
            raise ConfigurationError(
                "SENTRY_URL holds a user or password. A request has room for one kind of credentials, "
                "and that is SENTRY_AUTH_TOKEN: take them out of the address."
            )
        self.base_url = base_url.rstrip("/")
        self.session = session
        self._client = RESTClient(
            f"{self.base_url}/api/0/",
            session=session,
            paginator=SentryPaginator(),
            data_selector=_WHOLE_BODY,
        )

    def at(self, region_url: str | None) -> SentryApi:
        """Return the API of an organization's region, if the token may be sent there; else this one.

        Raises UnusableReplyError for what is no address.
        """
        if not region_url or region_url.rstrip("/") == self.base_url:
            return self
        if not is_address(region_url):
            raise UnusableReplyError(
                f"{self.base_url} names {region_url[:100]!r} as a region, which is no address."
            )
        if not is_same_site(self.base_url, region_url):
            return self
        return SentryApi(region_url, self.session)

    def pages(
        self,
        path: str,
        params: Params | None = None,
        most: int | None = None,
        *,
        rows_in: str | None = None,
    ) -> Iterator[Page]:
        """Yield the pages of a listing to its end; TruncatedError when the end cannot be reached, or trusted.

        Raises UnusableReplyError for a listing of more pages than `most` (bounds.LISTING_PAGES), or one that takes
        hours. `rows_in` is the field that holds the rows of a page that is no list itself.
        """
        most, started = most or bounds.LISTING_PAGES, time.monotonic()
        params = dict(params or {})
        size = params.get("limit", params.get("per_page", FULL_PAGE["limit"]))
        # The hook keeps dlt's client from raising: the session has classified the reply already.
        hooks: Any = {"response": [lambda response, *_, **__: None]}
        for number, page in enumerate(self._client.paginate(path, params=params, hooks=hooks), 1):
            self.session.traffic.add(pages=1)
            if number > most or time.monotonic() - started > bounds.LISTING_SECONDS:
                raise UnusableReplyError(
                    f"{path} has not ended after {number:,} pages and "
                    f"{(time.monotonic() - started) / 60:,.0f} minutes; no listing of Sentry's is that long."
                )
            reply = page.response
            body = reply.json()
            if rows_in:
                body = body.get(rows_in) if isinstance(body, dict) else None
            rows = require_list(body, path)
            for row in rows:
                if not isinstance(row, dict):
                    raise ChangedTypeError(f"{path}: expected a list of objects, got {kind(row)}.")
            link = reply.headers.get("Link", "")
            # Without the header a page of just the size asked for may be one of many; a longer one is all there is.
            if len(rows) == size and not names_next_page(link):
                raise TruncatedError(
                    f"{path}: a full page came without a Link header, so nothing says whether there is more. "
                    "A proxy in between may have taken it away."
                )
            is_last = next_cursor(link) is None
            yield Page(rows, reply.elapsed.total_seconds(), is_last)

    def rows(self, path: str, params: Params | None = None) -> list[Row]:
        """Return every row of a listing that is small enough to hold (projects, teams)."""
        pages = self.pages(path, {**FULL_PAGE, **(params or {})}, bounds.HELD_PAGES)
        return [row for page in pages for row in page.rows]

    def get(self, path: str, params: Params | None = None) -> Any:
        """Return one JSON answer that is not paginated."""
        return self._client.get(path, params=dict(params or {})).json()

    def clock(self) -> datetime:
        """Ask the server for the time before anything else; the host's clock if it does not answer."""
        try:
            with self.session.retrying(attempts=1):
                self.get("")
        except Exception as error:
            as_failure(error)  # the first request that matters will say what is wrong
        return self.now()

    def now(self) -> datetime:
        """Return the time of the first reply by the server's clock (naive UTC, whole seconds)."""
        moment = self.session.server_time or datetime.now(UTC)
        return moment.replace(tzinfo=None, microsecond=0)


def is_same_site(base_url: str, other_url: str) -> bool:
    """Return whether a token meant for `base_url` may be sent to `other_url`: a reply must not lead it elsewhere.

    The same host on any port; encrypted also a host below it, or within sentry.io any; never from https to http.
    """
    if not (is_address(base_url) and is_address(other_url)):
        return False
    base, other = urlsplit(base_url), urlsplit(other_url)
    if other.scheme not in ("https", base.scheme) or "@" in other.netloc:
        return False
    base_host, other_host = (f".{url.hostname}" for url in (base, other))
    if other.scheme == "http":
        return base_host == other_host
    if base_host.endswith(_SAAS) and other_host.endswith(_SAAS):
        return True
    return other_host.endswith(base_host)


def require_list(value: Any, where: str) -> list[Any]:
    """Return `value` as the list that `where` is known to answer with; BadRequestError otherwise."""
    if not isinstance(value, list):
        raise BadRequestError(f"{where}: expected a list, got {kind(value)}.")
    return value
