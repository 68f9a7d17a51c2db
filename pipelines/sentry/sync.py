"""One sync: every organization in turn, each read and handed over by itself."""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.sentry.errors import (
    SentryError,
    StorageError,
    UnavailableError,
    as_failure,
    is_disk_full,
)
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.http.session import SentrySession, TrafficCounts
from pipelines.sentry.http.workers import Workers
from pipelines.sentry.options import Options
from pipelines.sentry.organization import Directory, Organization
from pipelines.sentry.organization_sync import Changes, sync_organization
from pipelines.sentry.progress import Progress
from pipelines.sentry.read.directory import read_directory
from pipelines.sentry.read.product_users import ProductProjects
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.rows.typed import to_arrow
from pipelines.sentry.schema import ORGANIZATION_SYNCS
from pipelines.sentry.state.redact_stored import redacted_rows
from pipelines.sentry.state.stored import open_stored_state
from pipelines.settings import Settings

log = logging.getLogger("pipelines.sentry")


@dataclass
class Sync:
    """One sync of all organizations.

    Attributes:
        session: the HTTP session with the token.
        base_url: the configured server.
        warehouse: the DuckDB file of earlier syncs; it need not exist.
        folder: where rows wait for their load; emptied first, and gone afterwards. None: a temporary one.
        organizations: slugs to sync; empty means all that the token lists.
        progress: how far it has come.
        directory_traffic: what listing organizations, projects and teams has cost so far.

    """

    session: SentrySession
    base_url: str
    run_id: str
    warehouse: Path | None = None
    folder: Path | None = None
    organizations: list[str] = field(default_factory=list)
    options: Options = field(default_factory=Options)
    directory_traffic: TrafficCounts = field(default_factory=TrafficCounts)
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self._api = SentryApi(self.base_url, self.session)

    def clock(self) -> datetime:
        """Return now by the server's clock (naive UTC), asked before anything else."""
        return self._api.clock()

    def listed(self) -> tuple[set[str], set[tuple[str, datetime]]]:
        """Return what Sentry lists now: the slugs of organizations; id and creation (naive UTC) of projects."""
        with open_stored_state(None) as nothing:
            found = read_directory(self._api, self.organizations, nothing).organizations
        rows = [row for each in found for row in each.projects.values()]
        keys = {(row["project_id"], row["created_at"]) for row in rows if row["created_at"]}
        return {each.slug for each in found}, keys

    def loads(self) -> Iterator[dict[str, Path]]:
        """Yield a Parquet file of changed rows per raw table that has any, of one organization at a time.

        Each is to be loaded, all or nothing, before the next is asked for: what follows compares with the warehouse
        as it is then. Until then the warehouse is closed, and the files are there. Of an organization that failed there
        is its row in `organization_syncs` alone. Raises SentryError when not one could be synced, UnavailableError when
        that may be otherwise in a minute, StorageError when the disk is full.
        """
        with _room_explained(self.folder), _emptied(self.folder) as folder:
            if files := redacted_rows(self.warehouse, self.options.redaction, folder):
                yield files
            directory = self._read_directory(folder)
            started, as_of = time.monotonic(), self._api.now()
            failures: dict[str, SentryError] = {}
            self.progress.organizations = len(directory.organizations)
            for number, organization in enumerate(directory.organizations, 1):
                self.progress.number, self.progress.organization = number, organization.slug
                before = self.session.traffic.counts()
                changes, failure = self._sync_organization(organization, directory, as_of, folder)
                if failure is not None:
                    failures[organization.slug] = failure
                    log.error("%s: not synced: %s", organization.slug, failure)
                row = changes.log | {
                    "run_id": self.run_id,
                    "organization_slug": organization.slug,
                    "started_at": as_of,
                    "finished_at": as_of + timedelta(seconds=time.monotonic() - started),
                    "status": "complete" if failure is None else "failed",
                    "failure": failure and str(failure),
                    **self.session.traffic.counts().since(before)._asdict(),
                }
                log_file = folder / f"{ORGANIZATION_SYNCS.name}.parquet"
                pq.write_table(to_arrow(ORGANIZATION_SYNCS, [row]), log_file)
                yield changes.files | {ORGANIZATION_SYNCS.name: log_file}
        if len(failures) == len(directory.organizations):
            reasons = " ".join(f"{slug}: {why}" for slug, why in failures.items())
            passing = all(isinstance(failure, UnavailableError) for failure in failures.values())
            raise (UnavailableError if passing else SentryError)(
                f"No organization could be synced. {reasons}"
            )

    def _read_directory(self, folder: Path) -> Directory:
        try:
            with open_stored_state(self.warehouse, folder) as stored:
                return read_directory(self._api, self.organizations, stored)
        except Exception as error:
            if is_disk_full(error):
                raise
            raise as_failure(error) from None
        finally:
            self.directory_traffic = self.session.traffic.counts()

    def _sync_organization(
        self, organization: Organization, directory: Directory, as_of: datetime, folder: Path
    ) -> tuple[Changes, SentryError | None]:
        """Return what changed, and why the organization failed (then nothing changed), None if it did not."""
        if organization.failure:
            return Changes(), organization.failure
        try:
            with (
                open_stored_state(self.warehouse, folder) as stored,
                Workers(self.options.concurrency) as workers,
                _rare_garbage_collection(),
            ):
                changes = sync_organization(
                    organization, directory, stored, as_of, self.options, workers, self.progress
                )
        except Exception as error:
            if is_disk_full(error):
                raise
            return Changes(), as_failure(error)
        log.info(
            "%s: %s sync; %d issues new, %d changed, %d gone",
            organization.slug,
            *(
                changes.log[key]
                for key in ("mode", "issues_new", "issues_changed", "issues_vanished")
            ),
        )
        return changes, None


def configured_sync(
    settings: Settings, run_id: str, users_of: Sequence[ProductProjects] = ()
) -> Sync:
    """Return a sync as the settings say; SettingsError or ConfigurationError for those that cannot work.

    `users_of` are the products whose unique users are counted, if the settings want that.
    """
    options = Options(
        concurrency=settings.sentry_concurrency,
        full_every=timedelta(hours=settings.full_sync_hours),
        activity_budget=settings.activity_requests_per_run,
        categories=tuple(settings.categories),
        events_per_issue=settings.issue_events_per_issue,
        environments=tuple(settings.environments),
        users_of=tuple(users_of) if settings.unique_users else None,
        redaction=Redaction(settings.personal_data, settings.personal_data_key.get_secret_value()),
    )
    session = SentrySession(settings.token, concurrency=settings.sentry_concurrency)
    return Sync(
        session,
        settings.server_url,
        run_id,
        settings.warehouse,
        settings.changes_folder,
        settings.organizations,
        options,
    )


@contextmanager
def _room_explained(folder: Path | None) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_disk_full(error):
            raise
        raise StorageError(
            f"There is no room left on the disk of {folder or tempfile.gettempdir()} for the rows just read. "
            "The warehouse is as it was after the last organization; make room and run again."
        ) from error


@contextmanager
def _emptied(folder: Path | None) -> Iterator[Path]:
    """Yield a folder without what a killed sync left in it, and remove it."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="sentry-changes-") as name:
            yield Path(name)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Let Python look for cyclic garbage less often: pages are many small objects and none of them cyclic.

    For reading alone: dlt leaves the rows of a load in cycles.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
