"""One sync: every organization in turn, what each brought, and what all of it cost."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from pipelines.sentry.errors import SentryError
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.http.session import SentrySession
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.organization_sync import Options, Outcome, sync_organization
from pipelines.sentry.plan import Mode
from pipelines.sentry.read.directory import Directory, Organization, read_directory
from pipelines.sentry.rows.fields import as_json
from pipelines.sentry.schema import ORGANIZATION_SYNCS
from pipelines.sentry.state.stored import Known, open_known, to_arrow

log = logging.getLogger("pipelines.sentry")

# Rows per raw table; what a load brings together.
Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Report:
    """What a sync did, for the run log: counts, and the organizations that failed with the reason."""

    as_of: datetime
    mode: Mode
    organizations: int
    failures: dict[str, str]
    requests: int
    pages: int
    retries: int
    seconds_rate_limited: float
    issues_new: int
    issues_changed: int
    issues_vanished: int


@dataclass
class Sync:
    """One sync of all organizations; `load` yields rows to load, after which `report` is complete.

    Attributes:
        session: the HTTP session with the token.
        base_url: the configured server.
        organizations: slugs to sync; empty means all that the token lists.
        warehouse: the DuckDB file of earlier syncs; it need not exist.

    """

    session: SentrySession
    base_url: str
    run_id: str
    warehouse: Path | None = None
    organizations: list[str] = field(default_factory=list)
    options: Options = field(default_factory=Options)
    report: Report | None = None

    def load(self) -> Iterator[Tables]:
        """Yield the changed rows per raw table: all of one organization together, one after the other.

        Raises the failure as a SentryError when not one organization could be synced.
        """
        api = SentryApi(self.base_url, self.session)
        started = time.monotonic()
        # Closed with the last organization, before anything is loaded: DuckDB lets nobody read beside its writer.
        with _seldom_collecting(), open_known(self.warehouse) as known:
            directory = read_directory(api, self.organizations, known)
            as_of = api.now()
            self._outcomes: dict[str, Outcome] = {}
            self._failures: dict[str, str] = {}
            # Every table exists from the first load on, even if it stays empty.
            yield {table.name: table.schema.empty_table() for table in known.missing}
            for organization in directory.organizations:
                before = self.session.traffic.snapshot()
                tables = self._sync_one(organization, directory, known, as_of)
                finished_at = as_of + timedelta(seconds=time.monotonic() - started)
                tables[ORGANIZATION_SYNCS.name] = self._log_row(
                    organization, as_of, finished_at, before
                )
                yield {name: rows for name, rows in tables.items() if rows.num_rows}
        if len(self._failures) == len(directory.organizations):
            raise SentryError(
                "No organization could be synced. "
                + " ".join(f"{slug}: {why}" for slug, why in self._failures.items())
            )
        self.report = self._report(as_of, len(directory.organizations))

    def _sync_one(
        self, organization: Organization, directory: Directory, known: Known, as_of: datetime
    ) -> Tables:
        if organization.failure:
            return self._failed(organization, organization.failure)
        try:
            with Workers(self.options.concurrency) as workers:
                outcome = sync_organization(
                    organization, directory, known, as_of, self.options, workers
                )
        except SentryError as error:
            return self._failed(organization, str(error))
        self._outcomes[organization.slug] = outcome
        log.info(
            "%s: synced; %d issues new, %d changed, %d gone",
            organization.slug,
            outcome.issues_new,
            outcome.issues_changed,
            outcome.issues_vanished,
        )
        return dict(outcome.tables)

    def _failed(self, organization: Organization, why: str) -> Tables:
        self._failures[organization.slug] = why
        log.error("%s: not synced, its former data stay: %s", organization.slug, why)
        return {}

    def _log_row(
        self,
        organization: Organization,
        as_of: datetime,
        finished_at: datetime,
        before: tuple[int, int, int, float],
    ) -> pa.Table:
        outcome = self._outcomes.get(organization.slug)
        after = self.session.traffic.snapshot()
        requests, pages, retries, seconds = (
            now - then for now, then in zip(after, before, strict=True)
        )
        row: dict[str, object] = {
            "run_id": self.run_id,
            "organization_slug": organization.slug,
            "started_at": as_of,
            "finished_at": finished_at,
            "mode": outcome.mode if outcome else None,
            "status": "complete" if outcome else "failed",
            "failure": self._failures.get(organization.slug),
            "requests": requests,
            "pages": pages,
            "retries": retries,
            "seconds_rate_limited": seconds,
            "issues_new": outcome.issues_new if outcome else 0,
            "issues_changed": outcome.issues_changed if outcome else 0,
            "issues_vanished": outcome.issues_vanished if outcome else 0,
            "capabilities": as_json(outcome.capabilities) if outcome else None,
        }
        return to_arrow(ORGANIZATION_SYNCS, [row])

    def _report(self, as_of: datetime, organizations: int) -> Report:
        outcomes = self._outcomes.values()
        requests, pages, retries, seconds = self.session.traffic.snapshot()
        return Report(
            as_of=as_of,
            mode="full" if any(o.mode == "full" for o in outcomes) else "incremental",
            organizations=organizations,
            failures=dict(self._failures),
            requests=requests,
            pages=pages,
            retries=retries,
            seconds_rate_limited=seconds,
            issues_new=sum(o.issues_new for o in outcomes),
            issues_changed=sum(o.issues_changed for o in outcomes),
            issues_vanished=sum(o.issues_vanished for o in outcomes),
        )


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for cyclic garbage less often: pages are many small objects and none of them cyclic."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
