"""What a reply of a Sentry server means: a whole JSON answer, problem that may pass, or a clear error."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import requests

from pipelines.sentry.errors import (
    BadRequestError,
    ConfigurationError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    TokenRefusedError,
)

# Sentry answers 400 when its event store is overloaded or too slow; these words distinguish that from a bad question.
_OVERLOADED = re.compile(r"timeout|timed out|try again|too many|overload|temporar", re.IGNORECASE)
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
    """Return what may be mended by trying again, None for a whole JSON reply; raise for what is final."""
    status, where = response.status_code, address(response.url)
    is_json = "json" in response.headers.get("Content-Type", "")
    if status == 429 or status >= 500 or status == 410:
        return f"HTTP {status}"
    if status == 400 and _OVERLOADED.search(response.text):
        return f"HTTP 400, {detail_of(response)}"
    if response.is_redirect:
        raise ConfigurationError(
            f"{where} redirects to {address(response.headers['Location'])}, where the token is not sent. "
            "Set SENTRY_URL to the address that the server calls its own, with https:// if it has that."
        )
    if status == 401:
        raise TokenRefusedError(
            f"{where} refused the token (401, {detail_of(response)}). "
            f"{_SIGN_ON if 'sso-required' in response.text else _CHECK_IT}"
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


def address(url: str | None) -> str:
    """Return the URL as it may be shown to people: without its query and without a user and password."""
    scheme, separator, rest = str(url).partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


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


def _parse(response: requests.Response) -> str | None:
    """Parse the body once and keep it on the response; returns the problem if it is torn."""
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
        return {_without_surrogates(key): _without_surrogates(v) for key, v in value.items()}
    return value
