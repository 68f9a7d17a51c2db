"""What a server can do, found out by trying and not by its version: current Sentry, Sentry 10, Sentry 9, GlitchTip.

Detection runs once per run and organization. It asks a question that each kind answers differently, so it costs one
request on a current Sentry and a few elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.sentry.errors import (
    BadRequestError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    UnavailableError,
)
from pipelines.sentry.http.client import SentryApi, require_list

ListingStyle = Literal["organization", "project", "glitchtip"]


@dataclass(frozen=True)
class Dialect:
    """How this server wants to be asked for issues.

    Attributes:
        listing: `organization` (event-window search), `project` (one listing per project: Sentry 9) or
            `glitchtip` (its own sort names, no window).
        batch: name of the parameter that reads issues by id, None where there is none.
        many_projects: False where one request may name a single project only.

    """

    listing: ListingStyle
    batch: Literal["group", "id"] | None
    many_projects: bool = True

    @property
    def counts_users(self) -> bool:
        """GlitchTip always answers 0 users."""
        return self.listing != "glitchtip"

    @property
    def has_activities(self) -> bool:
        """GlitchTip's are always empty."""
        return self.listing != "glitchtip"


CURRENT_SENTRY = Dialect("organization", "group")
ONE_PROJECT_AT_A_TIME = Dialect("organization", "group", many_projects=False)
SENTRY_9 = Dialect("project", None, many_projects=False)
GLITCHTIP = Dialect("glitchtip", "id")


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
    with api.session.patience_of(attempts=2):
        try:
            require_list(api.get(path, question), path)
            return CURRENT_SENTRY
        except BadRequestError as error:
            if "multi project" in str(error).lower():
                return ONE_PROJECT_AT_A_TIME
            refusal: SentryError = error
        except (EndpointMissingError, ForbiddenError, NotFoundError, UnavailableError) as error:
            refusal = error
        if _answers(api, path, {"query": "", "sort": "-first_seen", "limit": 1}):
            return GLITCHTIP
        is_sentry_9 = any(
            _answers(api, f"projects/{organization}/{slug}/issues/", {"query": "", "limit": 1})
            for slug in project_slugs[:1]
        )
    # It may only have been unwell; Sentry 9 without Snuba fails every time.
    was_unwell = isinstance(refusal, UnavailableError | EndpointMissingError)
    if is_sentry_9 and was_unwell and _answers(api, path, question):
        return CURRENT_SENTRY
    if is_sentry_9:
        return SENTRY_9
    raise refusal


def _answers(api: SentryApi, path: str, question: dict[str, object]) -> bool:
    try:
        return isinstance(api.get(path, question), list)
    except SentryError:
        return False
