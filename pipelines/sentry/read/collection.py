"""Reading the issues of one organization: the planned listings, then by id what they did not show."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence, Set
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
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import ISSUE_DAILY_EVENTS, ISSUES

log = logging.getLogger("pipelines.sentry")

TOMBSTONE = pa.schema(
    [
        ("issue_id", pa.string()),
        ("removed_reason", pa.string()),
        ("merged_into_issue_id", pa.string()),
    ]
)


@dataclass
class IssueCollection:
    """Collects issues page by page; `issues` and `days` hold one Arrow table per page.

    Attributes:
        is_first: nothing is known yet, so that a day without events corrects nothing and need not be kept.
        unreadable_projects: projects whose issues turned out to be unreadable.

    """

    reader: IssueReader
    workers: Workers
    redaction: Redaction
    as_of: datetime
    is_first: bool = False
    progress: Progress = field(default_factory=Progress)
    issues: list[pa.Table] = field(default_factory=list)
    days: list[pa.Table] = field(default_factory=list)
    unreadable_projects: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _uncounted: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

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
            with self._lock:
                self.unreadable_projects.add(projects[0])
        return ()

    def _add(self, bodies: Sequence[Row], *, is_windowed: bool) -> set[str]:
        """Flatten bodies and keep them; returns their ids."""
        slug, dialect = self.reader.organization, self.reader.dialect
        rows: list[Row] = []
        days: list[tuple[str, date, int]] = []
        for body in bodies:
            row = flatten.issue(body, slug, counts_users=dialect.counts_users)
            row |= {"activities_read_at": None, "observed_at": self.as_of}
            row["removed_at"] = self.as_of if row["removed_reason"] else None
            rows.append(self.redaction.issue(row))
            days += [
                (row["issue_id"], day, count)
                for day, count in flatten.issue_daily_events(body, with_zeros=not self.is_first)
            ]
        ids = {row["issue_id"] for row in rows}
        issues, daily = to_arrow(ISSUES, rows), _daily_table(days, slug)
        # Sentry 10 lists the counts of the window only; its totals come from a read by id.
        lacks_totals = is_windowed and dialect.listing == "organization"
        with self._lock:
            self.issues.append(issues)
            self.days.append(daily)
            self._seen |= ids
            if lacks_totals:
                for body, row in zip(bodies, rows, strict=True):
                    if "lifetime" not in body:
                        self._uncounted[row["issue_id"]] = row["project_id"]
            self.progress.done = len(self._seen)
        return ids

    def read_not_listed(
        self, not_listed: Mapping[str, str], once_deleted: Mapping[str, str]
    ) -> pa.Table:
        """Read by id the stored issues (id -> project id) that the listings did not show.

        `once_deleted` are those that were marked deleted before; restored if the server shows them after all.
        Returns the tombstones of those that are gone: issue_id, removed_reason, merged_into_issue_id.
        """
        wanted = {
            i: project
            for i, project in {**once_deleted, **not_listed}.items()
            if i not in self._seen
        }
        wanted |= self._uncounted
        missing = self._read_by_id(wanted)
        if self.reader.dialect.batch:
            # A batch did not show them again, and a bulk deletion would cost a look-up each, day after day.
            missing = [issue_id for issue_id in missing if issue_id not in once_deleted]
        became_of = dict(zip(missing, self.workers.map(self._look_up, missing), strict=True))
        deleted = {
            i for i, became in became_of.items() if became.gone == "deleted"
        } - once_deleted.keys()
        left = self._projects_left({wanted[issue_id] for issue_id in deleted})
        tombstones = []
        for issue_id, became in became_of.items():
            if became.body is not None:
                self._add([became.body], is_windowed=False)
                continue
            if became.gone == "out_of_reach":
                continue  # stays as it is: it is there
            if became.gone and (issue_id in once_deleted or wanted[issue_id] in left):
                continue
            tombstones.append(
                {
                    "issue_id": issue_id,
                    "removed_reason": "merged" if became.merged_into else became.gone,
                    "merged_into_issue_id": became.merged_into,
                }
            )
        return pa.Table.from_pylist(tombstones, schema=TOMBSTONE)

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

    def _read_by_id(self, wanted: Mapping[str, str]) -> list[str]:
        """Read issues in batches; returns the ids that no batch returned."""
        returned: set[str] = set()

        def read(batch: tuple[str | None, list[str]]) -> None:
            returned.update(self._add(self.reader.by_id(*batch), is_windowed=False))

        try:
            self.workers.each(plan.batches(wanted, self.reader.dialect), read)
        except EndpointMissingError as error:
            if self.reader.dialect.hides_what_is_gone:
                raise  # nothing else tells what is gone
            log.warning("%s Reading one by one.", error)
        return [issue_id for issue_id in wanted if issue_id not in returned]


def _daily_table(days: Sequence[tuple[str, date, int]], slug: str) -> pa.Table:
    """Return rows of `issue_daily_events`, column by column: there are fourteen of them for each issue."""
    ids, dates, counts = zip(*days, strict=True) if days else ((), (), ())
    return pa.table([ids, dates, [slug] * len(days), counts], schema=ISSUE_DAILY_EVENTS.schema)
