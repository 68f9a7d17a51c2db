"""Reading the issues of one organization: the planned listings, then by id what they did not show."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

from pipelines.sentry import plan
from pipelines.sentry.errors import (
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    TruncatedError,
)
from pipelines.sentry.http.client import Row
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.progress import Progress
from pipelines.sentry.read.issues import IssueReader, LookUp
from pipelines.sentry.rows import flatten
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.rows.typed import Fields, to_arrow
from pipelines.sentry.schema import ISSUE_DAILY_EVENTS, ISSUES
from pipelines.sentry.state.stored import StoredState

log = logging.getLogger("pipelines.sentry")

UNCOUNTED, IN_PRODUCTION = "uncounted", "in_production"
IN_PRODUCTION_ISSUES = pa.schema([ISSUES.schema.field("issue_id")])
UNCOUNTED_ISSUES = pa.schema([ISSUES.schema.field("issue_id"), ISSUES.schema.field("project_id")])
# What no reply says, or not this one.
_ONLY_OURS = ("activities_read_at", "first_release", "first_release_read_at", "is_in_production")
TOMBSTONE = pa.schema(
    [
        ("issue_id", pa.string()),
        ("removed_reason", pa.string()),
        ("merged_into_issue_id", pa.string()),
    ]
)


@dataclass
class IssueCollection:
    """Reads issues and puts their rows into `staged_issues` and `staged_issue_daily_events`, page by page.

    Attributes:
        is_first: nothing is known yet, so that a day without events corrects nothing and need not be kept.
        team_slugs: slugs of teams by id, for owners.
        unreadable_projects: projects whose issues turned out to be unreadable.
        owners_told: whether rows of the server name owners; None before the first row.

    """

    reader: IssueReader
    stored: StoredState
    workers: Workers
    redaction: Redaction
    as_of: datetime
    is_first: bool = False
    team_slugs: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    unreadable_projects: set[str] = field(default_factory=set)
    owners_told: bool | None = None
    _ignores_ids: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.stored.keep(UNCOUNTED, UNCOUNTED_ISSUES.empty_table())
        self.stored.keep(IN_PRODUCTION, IN_PRODUCTION_ISSUES.empty_table())

    def read_listings(self, listings: Sequence[plan.Listing]) -> None:
        """Read all listings; one that cannot be trusted to be whole is read again in halves."""
        with ThreadPoolExecutor(1, thread_name_prefix="sentry-rows") as flattener:
            self.workers.each(listings, lambda listing: self._read_listing(listing, flattener))

    def _read_listing(self, listing: plan.Listing, flattener: Executor) -> Sequence[plan.Listing]:
        """Read one listing; returns those to read in its place.

        Its pages are flattened in `flattener`, one behind, so that the next is on its way meanwhile.
        """
        projects = listing.projects or tuple(self.reader.project_slugs)
        halves = plan.halves(listing, self.reader.dialect, projects)
        adding: Future[set[str]] | None = None
        try:
            for page in self.reader.pages(listing):
                if adding:
                    adding.result()
                if self.workers.is_stopping:
                    break
                if listing.environments:
                    self._note_production(page.rows)
                else:
                    adding = flattener.submit(self._add, page.rows, is_windowed=True)
            if adding:
                adding.result()
        except TruncatedError as error:
            if not halves:
                raise
            log.warning("%s It is read again in two halves.", error)
            return halves
        except (ForbiddenError, NotFoundError):
            # One unreadable project fails the request for all of them.
            if halves and len(projects) > 1:
                return halves
            if listing.environments and projects[0] not in self.unreadable_projects:
                raise
            with self._lock:
                self.unreadable_projects.add(projects[0])
        return ()

    def _note_production(self, bodies: Sequence[Row]) -> None:
        ids = [Fields(ISSUES.name, body).key("id") for body in bodies]
        self.stored.add(IN_PRODUCTION, pa.table([ids], schema=IN_PRODUCTION_ISSUES))

    def _add(self, bodies: Sequence[Row], *, is_windowed: bool) -> set[str]:
        """Flatten bodies and stage them; returns their ids."""
        slug, dialect = self.reader.organization, self.reader.dialect
        rows: list[Row] = []
        days: list[tuple[str, date, int]] = []
        for body in bodies:
            row = flatten.issue(
                body, slug, counts_users=dialect.counts_users, team_slugs=self.team_slugs
            )
            row |= dict.fromkeys(_ONLY_OURS) | {"observed_at": self.as_of}
            row["removed_at"] = self.as_of if row["removed_reason"] else None
            rows.append(self.redaction.issue(row))
            days += [
                (row["issue_id"], day, count)
                for day, count in flatten.issue_daily_events(body, with_zeros=not self.is_first)
            ]
        issues, daily = to_arrow(ISSUES, rows), _daily_table(days, slug)
        with self._lock:
            if bodies and is_windowed:
                self.owners_told = any("owners" in body for body in bodies)
            self.stored.add("staged_issues", issues)
            self.stored.add("staged_issue_daily_events", daily)
            self.progress.done += len(rows)
        # Sentry 10 lists the counts of the window only; its totals come from a read by id.
        if is_windowed and dialect.listing == "organization":
            uncounted = pa.array(["lifetime" not in body for body in bodies], pa.bool_())
            if uncounted.true_count:
                self.stored.add(UNCOUNTED, issues.filter(uncounted).select(UNCOUNTED_ISSUES.names))
        return {row["issue_id"] for row in rows}

    def read_by_id(self, issues: Iterable[plan.IssueToRead]) -> pa.Table:
        """Read issues by id, those of a project together, and look up alone what no answer holds.

        Those that were called deleted are restored if the server shows them after all.
        Returns the tombstones of those that are gone: issue_id, removed_reason, merged_into_issue_id.
        """
        gone: list[tuple[plan.IssueToRead, LookUp]] = []

        def look_up(issue: plan.IssueToRead) -> None:
            became = self._look_up(issue.issue_id)
            if became.body is not None:
                self._add([became.body], is_windowed=False)
            elif became.gone != "out_of_reach":  # what is stays as it was: it is there
                gone.append((issue, became))

        def read(task: plan.Batch | plan.IssueToRead) -> Sequence[plan.IssueToRead]:
            if isinstance(task, plan.Batch):
                return self._read_batch(task)
            look_up(task)
            return ()

        batches: Iterator[plan.Batch | plan.IssueToRead] = plan.batches(issues, self.reader.dialect)
        self.workers.each(batches, read)
        deleted = {
            issue.project_id
            for issue, became in gone
            if became.gone == "deleted" and not issue.was_deleted
        }
        left = self._projects_left(deleted)
        tombstones = [
            {
                "issue_id": issue.issue_id,
                "removed_reason": "merged" if became.merged_into else became.gone,
                "merged_into_issue_id": became.merged_into,
            }
            for issue, became in gone
            if became.merged_into or not (issue.was_deleted or issue.project_id in left)
        ]
        return pa.Table.from_pylist(tombstones, schema=TOMBSTONE)

    def _read_batch(self, batch: plan.Batch) -> Sequence[plan.IssueToRead]:
        """Read issues with one request; returns those that are to be looked up."""
        if not self.reader.dialect.batch:
            return batch.issues
        returned: set[str] = set()
        if not self._ignores_ids:
            try:
                ids = [issue.issue_id for issue in batch.issues]
                bodies = self.reader.by_id(batch.project_id, ids)
                returned = self._add(bodies, is_windowed=False)
            except EndpointMissingError as error:
                if self.reader.dialect.hides_what_is_gone:
                    raise  # nothing else tells what is gone
                self._ignores_ids = True
                log.warning("%s Reading one by one.", error)
        # A batch did not show them again, and a bulk deletion would cost a look-up each, day after day.
        return [i for i in batch.issues if i.issue_id not in returned and not i.was_deleted]

    def _look_up(self, issue_id: str) -> LookUp:
        if self.reader.dialect.hides_what_is_gone:
            return LookUp(gone="deleted")
        return self.reader.look_up(issue_id)

    def _projects_left(self, project_ids: Set[str]) -> set[str]:
        """Return the projects that were deleted or moved while we read: the next sync's list shows which.

        Asked after the look-ups: an issue that is not found is deleted only if its project is still there.
        """
        ids = sorted(project_ids)
        there = self.workers.map(self.reader.has_project, ids)
        return {project_id for project_id, is_there in zip(ids, there, strict=True) if not is_there}


def _daily_table(days: Sequence[tuple[str, date, int]], slug: str) -> pa.Table:
    """Return rows of `issue_daily_events`, column by column: there are fourteen of them for each issue."""
    ids, dates, counts = zip(*days, strict=True) if days else ((), (), ())
    return pa.table([ids, dates, [slug] * len(days), counts], schema=ISSUE_DAILY_EVENTS.schema)
