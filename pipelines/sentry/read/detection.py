"""What a server can do, found out by trying and not by its version.

Runs once per run and organization. It asks a question that each kind answers differently, so it costs one request on
a current Sentry and a few elsewhere.
"""

from __future__ import annotations

from datetime import datetime

from pipelines.sentry.dialect import (
    CURRENT_SENTRY,
    GLITCHTIP,
    ONE_PROJECT_AT_A_TIME,
    SENTRY_9,
    Dialect,
)
from pipelines.sentry.errors import (
    BadRequestError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    UnavailableError,
)
from pipelines.sentry.http.client import SentryApi, require_list


def detect(
    api: SentryApi, organization: str, project_slugs: list[str], start: datetime, end: datetime
) -> Dialect:
    """Return the dialect of the server behind `api` for this organization.

    Raises the first refusal as it came when no dialect is understood (a missing scope, for example).
    """
    path = f"organizations/{organization}/issues/"
    question = {
        "query": "",
        "sort": "new",
        "limit": 1,
        "project": -1,
        "start": start.isoformat(),
        "end": end.isoformat(),
    }
    with api.session.retrying(attempts=2):
        try:
            require_list(api.get(path, question), path)
            return CURRENT_SENTRY
        except BadRequestError as error:
            if "multi project" in str(error).lower():
                return ONE_PROJECT_AT_A_TIME
            refusal: SentryError = error
        except (EndpointMissingError, ForbiddenError, NotFoundError, UnavailableError) as error:
            refusal = error
        glitchtip_refusal = _refusal(api, path, {"query": "", "sort": "-first_seen", "limit": 1})
        if glitchtip_refusal is None:
            return GLITCHTIP
        is_sentry_9 = any(
            _refusal(api, f"projects/{organization}/{slug}/issues/", {"query": "", "limit": 1})
            is None
            for slug in project_slugs[:1]
        )
    # It may only have been unwell; Sentry 9 without Snuba fails every time.
    was_unwell = isinstance(refusal, UnavailableError | EndpointMissingError)
    if is_sentry_9 and was_unwell and _refusal(api, path, question) is None:
        return CURRENT_SENTRY
    if is_sentry_9:
        return SENTRY_9
    if isinstance(refusal, EndpointMissingError):
        # GlitchTip refuses a sort that it does not know before it looks at the token.
        raise glitchtip_refusal
    raise refusal


def _refusal(api: SentryApi, path: str, question: dict[str, object]) -> SentryError | None:
    """Return why a listing is not answered, None if it is."""
    try:
        require_list(api.get(path, question), path)
    except SentryError as error:
        return error
    return None


def glitchtip_version(api: SentryApi) -> str | None:
    """Return the version of a GlitchTip, None of any other server."""
    try:
        body = api.get(f"{api.base_url}/api/settings/")
    except SentryError:
        return None
    version = body.get("version") if isinstance(body, dict) else None
    return str(version) if version else None
