"""Reading one organization's issues in its server's dialect: listings, reads by id, look-ups, activities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Any, Literal, TypeVar

from pipelines.sentry.dialect import Dialect
from pipelines.sentry.errors import (
    BadRequestError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    TruncatedError,
    UnavailableError,
)
from pipelines.sentry.http.client import Page, Params, Row, SentryApi, require_list
from pipelines.sentry.plan import SUSPICIOUS_SECONDS, Listing, request_of, stops_at
from pipelines.sentry.rows.typed import Fields

Answer = TypeVar("Answer")
Gone = Literal["deleted", "out_of_reach"]
# What a detail call would cost extra and nobody here reads.
_CHEAP_DETAIL = {"collapse": ["release", "stats", "tags"]}
_DETAIL_WITH_RELEASE = {"collapse": ["stats", "tags"]}


@dataclass(frozen=True)
class LookUp:
    """What became of an id: its body, the id that it was merged into, or why there is neither."""

    body: Row | None = None
    merged_into: str | None = None
    gone: Gone | None = None


@dataclass
class IssueReader:
    """Asks one organization for issues. Safe for threads.

    `asks_for_owners`: where a listing can show who owns an issue by the rules of its project; what the server says
    that refuses the word is kept as `owners_refusal`, and it is asked without from then on.
    `activity_source` remembers which of the three places that hold activities this server has, `release_source` where
    it tells the first release of an issue.
    """

    api: SentryApi
    organization: str
    dialect: Dialect
    project_slugs: Mapping[str, str] = field(default_factory=dict)
    asks_for_owners: bool = False
    owners_refusal: BadRequestError | None = None
    activity_source: Literal["unknown", "activities", "detail", "none"] = "unknown"
    release_source: Literal["unknown", "first-last-release", "detail"] = "unknown"
    _has_plain_addresses_only: bool = False

    def __post_init__(self) -> None:
        if not self.dialect.has_activities:
            self.activity_source = "none"

    def pages(self, listing: Listing) -> Iterator[Page]:
        """Yield the listing's pages; TruncatedError when its end cannot be trusted."""
        path, params = request_of(listing, self.dialect, self.organization, self.project_slugs)
        stop = stops_at(listing, self.dialect)

        def begun(params: Params) -> Iterator[Page]:
            pages = self.api.pages(path, params)
            return chain(list(islice(pages, 1)), pages)

        pages = begun(params) if listing.environments else self._with_owners(begun, params)
        for page in pages:
            yield page
            # A search that ran into Sentry's 30 s budget ends short and says that there is no more.
            if page.is_last and page.seconds >= SUSPICIOUS_SECONDS:
                raise TruncatedError(
                    f"{path}: the last page took {page.seconds:.0f} s, so Sentry may have cut the listing short."
                )
            if stop and page.rows and _is_older(page.rows[-1], stop):
                return

    def _with_owners(self, ask: Callable[[Params], Answer], params: Params) -> Answer:
        """Ask for owners, too, unless the server refuses just that: some check the words of `expand`."""
        if not self.asks_for_owners:
            return ask(params)
        try:
            return ask({**params, "expand": "owners"})
        except BadRequestError as refusal:
            answer = ask(params)
            self.asks_for_owners, self.owners_refusal = False, refusal
            return answer

    def by_id(self, project_id: str | None, ids: list[str]) -> list[Row]:
        """Return the bodies of those ids that the server still has, in any order.

        Raises EndpointMissingError when the answer shows that the server ignored the ids.
        """
        asked = set(ids)
        found = self._halving(project_id, ids)
        if any(str(row.get("id")) not in asked for row in found):
            raise EndpointMissingError(
                f"organizations/{self.organization}/issues/ does not read issues by id on this server."
            )
        return found

    def _halving(self, project_id: str | None, ids: list[str]) -> list[Row]:
        path = f"organizations/{self.organization}/issues/"
        params: dict[str, Any] = {str(self.dialect.batch): ids, "limit": 100}
        if self.dialect.batch == "group":
            params |= {"project": project_id or -1, "groupStatsPeriod": "14d"}
        else:
            params |= {"query": "", "sort": "-first_seen"}
        try:
            return self._with_owners(
                lambda asked: require_list(self.api.get(path, asked), path), params
            )
        except (BadRequestError, UnavailableError):
            # The request line may be too long for a proxy in between.
            if len(ids) == 1:
                raise
            middle = len(ids) // 2
            return self._halving(project_id, ids[:middle]) + self._halving(project_id, ids[middle:])

    def look_up(self, issue_id: str) -> LookUp:
        """Return what became of one id. A merged issue's address answers with another id.

        Raises EndpointMissingError when no address answers as one for issues does: that says nothing about this one.
        """
        try:
            body = self._detail(issue_id)
        except NotFoundError:
            return LookUp(gone="deleted")
        except ForbiddenError:
            return LookUp(gone="out_of_reach")
        answered = Fields("issues", body).key("id")
        return LookUp(body=body) if answered == issue_id else LookUp(merged_into=answered)

    def _detail(self, issue_id: str) -> Row:
        return Fields("issues", self._of_issue(issue_id, "", _CHEAP_DETAIL)).source

    def _of_issue(self, issue_id: str, child: str, params: Params) -> Any:
        """Return an issue's answer from its organization's address, or from the plain one that all servers have."""
        missing: EndpointMissingError | None = None
        if not self._has_plain_addresses_only:
            try:
                return self.api.get(
                    f"organizations/{self.organization}/issues/{issue_id}/{child}", params
                )
            except EndpointMissingError as error:
                missing = error
        try:
            body = self.api.get(f"issues/{issue_id}/{child}", params)
        except EndpointMissingError as error:
            # Nothing but 404 from both: an old server's word for an issue that it does not have.
            if error.is_404 and (missing is None or missing.is_404):
                raise NotFoundError(str(error)) from None
            raise
        if missing:
            self._has_plain_addresses_only = True  # Sentry 9, GlitchTip
        return body

    def has_project(self, project_id: str) -> bool:
        """Return whether the organization still has this project, perhaps renamed; one out of reach counts as there."""
        slug = self.project_slugs.get(project_id)
        if slug is None:
            return False
        try:
            body = self.api.get(f"projects/{self.organization}/{slug}/")
        except (NotFoundError, EndpointMissingError):
            return False
        except ForbiddenError:
            return True
        return Fields("projects", body).key("id") == project_id

    def activities(self, issue_id: str) -> list[Row] | None:
        """Return the activity list (newest first, at most 100), None if the issue is gone or there is none."""
        if self.activity_source in ("unknown", "activities"):
            path = f"organizations/{self.organization}/issues/{issue_id}/activities/"
            try:
                body = self.api.get(path)
                self.activity_source = "activities"
                return require_list(body.get("activity") if isinstance(body, dict) else body, path)
            except EndpointMissingError:
                self.activity_source = "detail"
            except ForbiddenError:
                return None
            except NotFoundError:
                # Current Sentry for an issue that is gone, or a server that answers all it does not know so.
                if self.activity_source == "activities":
                    return None
        if self.activity_source == "none":
            return None
        try:
            body = self._detail(issue_id)
        except (NotFoundError, ForbiddenError, EndpointMissingError):
            return None
        if str(body.get("id")) != issue_id:
            return None
        if "activity" not in body:
            self.activity_source = "none"
            return None
        self.activity_source = "detail"
        return require_list(body["activity"], f"issues/{issue_id}/")

    def first_release(self, issue_id: str) -> str | None:
        """Return the release that Sentry itself calls the first of an issue, None if there is none.

        Raises NotFoundError for an issue that is gone, EndpointMissingError where no address tells its release.
        """
        if self.release_source != "detail":
            try:
                path = f"organizations/{self.organization}/issues/{issue_id}/first-last-release/"
                version = _first_release(self.api.get(path), issue_id)
            except (EndpointMissingError, NotFoundError):
                if self.release_source == "first-last-release":
                    raise
            else:
                self.release_source = "first-last-release"
                return version
        # Old servers have it there. Not first: current ones count who looks at an issue.
        version = _first_release(self._of_issue(issue_id, "", _DETAIL_WITH_RELEASE), issue_id)
        self.release_source = "detail"
        return version

    def events(self, issue_id: str, count: int) -> list[Row]:
        """Return the newest `count` stored events of an issue (at most 100), newest first."""
        params = {"per_page": min(count, 100), "limit": min(count, 100), "full": "true"}
        try:
            body = self._of_issue(issue_id, "events/", params)
        except (NotFoundError, EndpointMissingError):
            return []
        return require_list(body, f"issues/{issue_id}/events/")[:count]


def _is_older(body: Row, moment: datetime) -> bool:
    last_seen = Fields("issues", body).moment("lastSeen")
    return last_seen is not None and last_seen < moment


def _first_release(body: Any, issue_id: str) -> str | None:
    fields = Fields("issues", body)
    if fields.source.get("id", issue_id) != issue_id:
        raise NotFoundError(f"Issue {issue_id} was merged into another.")
    if "firstRelease" not in fields.source:
        raise EndpointMissingError("This server does not tell the first release of an issue.")
    release = fields.part("firstRelease")
    return release.text("version") if release else None
