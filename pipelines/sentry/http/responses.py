"""What a reply of a Sentry server means: a whole JSON answer, problem that may pass, or a clear error."""

from __future__ import annotations

import json
import re
from urllib.parse import urljoin, urlsplit

import orjson
import requests

from pipelines.addresses import is_address
from pipelines.sentry import bounds
from pipelines.sentry.errors import (
    BadRequestError,
    ConfigurationError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    TokenRefusedError,
    UnusableReplyError,
)

# Sentry answers 400 when its event store is overloaded or too slow; these words distinguish that from a bad question.
_OVERLOADED = re.compile(r"timeout|timed out|try again|too many|overload|temporar", re.IGNORECASE)
# NUL, and a surrogate without the other of its pair: no database keeps them. Group 1 is passed over: whole pairs, and
# a backslash that is text.
_NO_CHARACTER = re.compile(
    rb"(\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u(?:0000|[dD][89a-fA-F]..)"
)
# A proxy's page of the moment, or the web application where an endpoint is missing: only a retry shows which.
WEB_PAGE = "a web page in place of JSON"
_CHECK_IT = (
    "Check that SENTRY_AUTH_TOKEN is whole, not expired or revoked, and made for this server."
)
_SIGN_ON = (
    "This organization wants single sign-on: take SENTRY_AUTH_TOKEN from an internal integration of it, "
    "or make a new one while signed in there by SSO."
)


def classify(response: requests.Response) -> str | None:
    """Return what another try may mend, None for whole JSON or a redirect to follow; raise for what is final."""
    status, where = response.status_code, address(response.url)
    is_json = "json" in response.headers.get("Content-Type", "")
    if status == 429 or status >= 500 or status == 410:
        return f"HTTP {status}"
    if response.is_redirect:
        redirect_target(response)
        return None
    if status == 400 and _OVERLOADED.search(_start_of(response)):
        return f"HTTP 400, {detail_of(response)}"
    if status == 401:
        raise TokenRefusedError(
            f"{where} refused the token (401, {detail_of(response)}). "
            f"{_SIGN_ON if 'sso-required' in _start_of(response) else _CHECK_IT}"
        )
    if status == 403:
        raise ForbiddenError(
            f"{where} is not allowed with this token (403, {detail_of(response)}). "
            "It needs the scopes org:read, project:read, team:read and event:read."
        )
    if status == 404 and is_json:
        raise NotFoundError(f"{where} does not exist, or this token cannot see it (404).")
    if status < 400 and not is_json:
        return WEB_PAGE
    if status in (404, 405, 422):
        raise EndpointMissingError(
            f"{where} is not an endpoint of this server (HTTP {status}).", is_404=status == 404
        )
    if status >= 400:
        raise BadRequestError(f"{where} refused the question ({status}, {detail_of(response)}).")
    return _parse(response)


def redirect_target(response: requests.Response) -> str:
    """Return where on the same server a redirect leads.

    Raises ConfigurationError for another server, UnusableReplyError for what is no address.
    """
    here, location = str(response.url), response.headers["Location"]
    try:
        target = urljoin(here, location)
        (scheme, netloc, *_), (other_scheme, other_netloc, *_) = urlsplit(here), urlsplit(target)
    except ValueError:
        target = ""
    if not target.isascii() or not is_address(target):
        raise UnusableReplyError(
            f"{address(here)} redirects to {address(location)[:100]!r}, which is no address."
        )
    if (scheme, netloc) != (other_scheme, other_netloc):
        raise ConfigurationError(
            f"{address(here)} redirects to {address(target)}, where the token is not sent. "
            "Set SENTRY_URL to the address that the server calls its own, with https:// if it has that."
        )
    return target


def address(url: str | None) -> str:
    """Return the URL as it may be shown to people: without its query and without a user and password."""
    scheme, separator, rest = str(url).partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def detail_of(response: requests.Response) -> str:
    """Return the server's own words, at most 200 characters: `detail` may be text, an object or absent."""
    try:
        body = orjson.loads(response.content)
        detail = body.get("detail", body.get("message", "")) if isinstance(body, dict) else body
        if isinstance(detail, dict):
            detail = detail.get("message") or detail.get("code") or ""
        words = detail if isinstance(detail, str) else orjson.dumps(detail).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        words = ""
    shown = "".join(letter if letter.isprintable() else "?" for letter in words[:200])
    return shown or "no reason given"


def _start_of(response: requests.Response) -> str:
    """Return the first words of a body in any encoding; requests would believe the one that the server names."""
    return response.content[:10_000].decode("utf-8", "replace")


def _parse(response: requests.Response) -> str | None:
    """Parse the body once and keep it on the response; returns the problem if it is torn."""
    content = response.content
    if sum(map(content.count, (b",", b"[", b"{"))) > bounds.REPLY_VALUES:
        raise UnusableReplyError(
            f"{address(response.url)}: the answer holds more than {bounds.REPLY_VALUES:,} values; "
            "none of Sentry's comes near that."
        )
    if b"\\u" in content:
        content = _NO_CHARACTER.sub(lambda found: found[1] or b"\\ufffd", content)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return _why_not_json(response)
    response.__dict__["json"] = lambda **_: body
    return None


def _why_not_json(response: requests.Response) -> str:
    """Return the problem with a body that is torn; raises UnusableReplyError for one that is whole."""
    try:
        json.loads(response.content.decode("utf-8"))
    except UnicodeDecodeError:
        return "the body is not UTF-8"
    except json.JSONDecodeError:
        return f"the body is not whole JSON ({len(response.content)} bytes)"
    except (RecursionError, ValueError):
        pass
    raise UnusableReplyError(
        f"{address(response.url)}: the answer is nested a thousand levels deep, or holds a number beyond all bounds."
    )
