"""What a sync asks for where the server can tell: production, releases, sessions, users; each by itself.

An answer that does not come leaves null and a warning; the organization is synced without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain, starmap, takewhile

from pipelines.sentry import plan
from pipelines.sentry.dialect import Dialect
from pipelines.sentry.errors import BadRequestError, ForbiddenError, NotFoundError
from pipelines.sentry.http.client import Row, SentryApi
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.options import Options
from pipelines.sentry.progress import Progress
from pipelines.sentry.read import first_releases
from pipelines.sentry.read.capabilities import OFF, Capabilities
from pipelines.sentry.read.collection import IssueCollection
from pipelines.sentry.read.issues import IssueReader
from pipelines.sentry.read.product_users import ProductProjects, read_product_users
from pipelines.sentry.read.production import known_environments, read_production_days
from pipelines.sentry.read.releases import read_releases
from pipelines.sentry.read.sessions import read_sessions
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import (
    PRODUCT_USERS,
    PROJECT_DAILY_PRODUCTION_EVENTS,
    PROJECT_DAILY_SESSIONS,
    RELEASES,
    RawTable,
)
from pipelines.sentry.state import stored_first_releases
from pipelines.sentry.state.stored import StoredState
from pipelines.sentry.state.stored_production import forget_production

# So long a release may get new issues, and a day late events and sessions, without waiting for a full sync.
_RELEASES_AGAIN = timedelta(days=7)
_DAYS_AGAIN = timedelta(days=2)
ENVIRONMENTS = "production_environments"


@dataclass
class OptionalReads:
    """The optional questions to one organization, and what is known of how its server answers them."""

    reader: IssueReader
    stored: StoredState
    workers: Workers
    state: plan.OrganizationState
    as_of: datetime
    is_full: bool
    capabilities: Capabilities
    environments: tuple[str, ...] = field(default=())

    @property
    def api(self) -> SentryApi:
        """Return the API of the organization's region."""
        return self.reader.api

    @property
    def organization(self) -> str:
        """Return the slug."""
        return self.reader.organization

    @property
    def dialect(self) -> Dialect:
        """Return how the server wants to be asked."""
        return self.reader.dialect

    @property
    def keeps_production(self) -> bool:
        """Return whether what is stored of production is of the environments that are asked for now."""
        before = self.capabilities.before.get(ENVIRONMENTS)
        return before is None or before == self.capabilities.found.get(ENVIRONMENTS)

    def read_production_issues(
        self,
        collection: IssueCollection,
        options: Options,
        weights: Mapping[str, Mapping[plan.Reason, int]],
        project_ids: Sequence[str],
    ) -> bool:
        """Note which issues happen in production; returns whether that is known now."""
        name, wanted = "production", options.environments
        self.capabilities.found[ENVIRONMENTS] = list(wanted)
        if not wanted:
            self.capabilities.found[name] = OFF
            return False
        if not self.keeps_production:
            self.capabilities.forget(name, "production_events")

        def ask() -> None:
            self._needs_event_search()
            self.environments = known_environments(self.api, self.organization, wanted)
            listings = plan.production_listings(
                self.dialect,
                self.state,
                self.as_of,
                project_ids,
                weights,
                options.concurrency,
                options.categories,
                self.environments,
            )
            collection.read_listings(listings)

        return self._attempt(name, "environment", ask, project_ids)

    def read_all(
        self, options: Options, readable: Mapping[str, str], before: Set[str], progress: Progress
    ) -> None:
        """Stage releases, first releases of issues, sessions, events in production and users of products.

        `readable` maps project ids to slugs; `before` are the projects that the last sync could read.
        """
        if not self.keeps_production:
            forget_production(self.stored, self.organization)
        progress.begin("releases, sessions and users")
        self._read_releases(readable)
        self._read_first_releases(options.first_release_budget, readable)
        self._read_sessions(readable, before)
        self._read_production_days(readable, before)
        self._read_users(options.users_of, readable)

    def _attempt(
        self, name: str, how: str, ask: Callable[[], None], subjects: Sequence[object]
    ) -> bool:
        """Ask if there is something to ask about."""
        if not subjects:
            self.capabilities.keep(name)
            return False
        return self.capabilities.attempt(name, how, ask)

    def _needs_event_search(self) -> None:
        """Spare the servers without a search over events a question that they cannot answer."""
        if self.dialect.listing != "organization":
            raise BadRequestError("this kind of server does not search events.")

    def _read_releases(self, readable: Mapping[str, str]) -> None:
        since = self.as_of - plan.RETENTION
        if not self.is_full and self.capabilities.worked("releases") and self.state.watermark:
            last = self.state.watermark - timedelta(days=1)
            since = max(since, min(last, self.as_of - _RELEASES_AGAIN))
        ids = {slug: project_id for project_id, slug in readable.items()}

        def ask() -> None:
            pages = read_releases(self.api, self.organization, self.dialect, ids, since)
            self._stage(RELEASES, [row for page in pages for row in page])

        self._attempt("releases", "releases", ask, list(readable))

    def _read_first_releases(self, budget: int, readable: Mapping[str, str]) -> None:
        before = self.api.session.traffic.counts()

        def left() -> int:
            return budget - self.api.session.traffic.counts().since(before).requests

        stored_first_releases.set_unasked(self.stored, self.organization)
        near = stored_first_releases.seen_since(
            self.stored,
            first_releases.within_reach(self.as_of),
            by_project=not self.dialect.many_projects,
        )
        # An answer may have more than one page.
        batches = takewhile(
            lambda _: left() > 0,
            first_releases.batches(starmap(first_releases.Unasked, near), self.dialect),
        )

        def of_many(batch: Sequence[first_releases.Unasked]) -> None:
            found = first_releases.of_many(
                self.api, self.organization, self.dialect, batch, self.as_of
            )
            stored_first_releases.add(self.stored, found)

        def of_one(issue_id: str) -> None:
            found = self.reader.first_release(issue_id)
            stored_first_releases.add(self.stored, {issue_id: found})

        def of_one_if_there(issue_id: str) -> None:
            with suppress(ForbiddenError, NotFoundError):  # it has just gone
                of_one(issue_id)

        def ask_together() -> None:
            self._needs_event_search()
            self.workers.each(chain([first], batches), of_many)

        def ask_alone() -> None:
            if self.capabilities.before.get("first_release") == "detail" and not self.is_full:
                self.reader.release_source = "detail"
            of_one(alone[0])  # a server that cannot do so says it once
            self.workers.each(alone[1:], of_one_if_there)

        first = next(batches, [])
        self._attempt("first_release_of_many", "events", ask_together, first)
        alone = stored_first_releases.still_unasked(self.stored, max(left(), 0))
        if self._attempt("first_release", "first-last-release", ask_alone, alone):
            self.capabilities.found["first_release"] = self.reader.release_source
        stored_first_releases.mark_read(self.stored, self.as_of)

    def _read_sessions(self, readable: Mapping[str, str], before: Set[str]) -> None:
        name, table = "sessions", PROJECT_DAILY_SESSIONS
        by_first_day = self._by_first_day(name, table, readable, before)

        def ask() -> None:
            rows = read_sessions(
                self.api, self.organization, self.dialect, by_first_day, self.as_of, self.workers
            )
            self._stage(table, rows)

        self._attempt(name, "sessions", ask, list(readable))

    def _read_production_days(self, readable: Mapping[str, str], before: Set[str]) -> None:
        name, table = "production_events", PROJECT_DAILY_PRODUCTION_EVENTS
        if not self.environments:
            self.capabilities.found[name] = self.capabilities.found.get("production", OFF)
            return
        by_first_day = self._by_first_day(
            name, table, readable, before if self.keeps_production else frozenset()
        )

        def ask() -> None:
            rows = read_production_days(
                self.api,
                self.organization,
                self.dialect,
                self.environments,
                by_first_day,
                self.as_of,
                self.workers,
            )
            self._stage(table, rows)

        self._attempt(name, "events", ask, list(readable))

    def _read_users(
        self, products: Sequence[ProductProjects] | None, readable: Mapping[str, str]
    ) -> None:
        # Of a window that has passed nothing stays true.
        self.stored.sql.execute(
            "insert into staged_product_users "
            "select * replace (null as user_count) from stored_product_users "
            "where organization_slug = ?",
            [self.organization],
        )
        if products is None:
            self.capabilities.found["users"] = OFF
            return

        def ask() -> None:
            self._needs_event_search()
            rows = read_product_users(
                self.api,
                self.organization,
                self.dialect,
                products,
                frozenset(readable),
                self.as_of,
                self.workers,
            )
            self._stage(PRODUCT_USERS, rows)

        mine = [each for each in products if each.project_ids & readable.keys()]
        self._attempt("users", "events", ask, list(readable) if mine else [])

    def _by_first_day(
        self, name: str, table: RawTable, readable: Mapping[str, str], before: Set[str]
    ) -> dict[date, list[str]]:
        """Return the projects by the first UTC day to read: those that the last sync could not read, from the oldest.

        The day on which Sentry begins to forget is no longer whole.
        """
        oldest = (self.as_of - plan.RETENTION).date() + timedelta(days=1)
        since = None if self.is_full else self._known_until(name, table)
        recent = max(oldest, min(since, self.as_of.date()) - _DAYS_AGAIN) if since else oldest
        found: dict[date, list[str]] = {}
        for project_id in readable:
            found.setdefault(recent if project_id in before else oldest, []).append(project_id)
        return found

    def _known_until(self, name: str, table: RawTable) -> date | None:
        if self.capabilities.worked(name) and self.state.watermark:
            return self.state.watermark.date()
        [(last,)] = self.stored.rows(
            f"select max(date_on) from stored_{table.name} where organization_slug = ?",
            self.organization,
        )
        return last if isinstance(last, date) else None

    def _stage(self, table: RawTable, rows: Sequence[Row]) -> None:
        seen = {"observed_at": self.as_of} if "observed_at" in table.schema.names else {}
        self.stored.add(f"staged_{table.name}", to_arrow(table, [row | seen for row in rows]))
        self.stored.settle(table)
