"""One sync: every organization in turn, what each brought, and what all of it cost."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from pipelines.sentry.api import Row, SentryApi
from pipelines.sentry.directory import Directory, Organization, read_directory
from pipelines.sentry.errors import ConfigurationError, SentryError
from pipelines.sentry.extract import Options, Outcome, sync_organization
from pipelines.sentry.flatten import as_json
from pipelines.sentry.known import Known, open_known, to_arrow
from pipelines.sentry.plan import Mode
from pipelines.sentry.schema import (
    ORGANIZATION_SYNCS,
    ORGANIZATIONS,
    PROJECT_SLUGS,
    PROJECT_TEAMS,
    PROJECTS,
    RAW_TABLES,
    TEAMS,
)
from pipelines.sentry.session import SentrySession
from pipelines.sentry.workers import Workers

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
        """Yield the changed rows per raw table: first of the directory, then of each organization.

        Raises the failure as a SentryError when not one organization could be synced.
        """
        api = SentryApi(self.base_url, self.session)
        started = time.monotonic()
        with open_known(self.warehouse) as known:
            directory = _read(api, self.organizations, known)
            as_of = api.now()
            yield_first = _directory_tables(directory, known, as_of)
        self._outcomes: dict[str, Outcome] = {}
        self._failures = {o.slug: o.failure for o in directory.organizations if o.failure}
        yield yield_first
        for organization in directory.organizations:
            before = self.session.traffic.snapshot()
            tables = self._sync_one(organization, directory, as_of)
            finished_at = as_of + timedelta(seconds=time.monotonic() - started)
            tables[ORGANIZATION_SYNCS.name] = self._log_row(
                organization, as_of, finished_at, before
            )
            yield tables
        if len(self._failures) == len(directory.organizations):
            raise SentryError(
                "No organization could be synced. "
                + " ".join(f"{slug}: {why}" for slug, why in self._failures.items())
            )
        self.report = self._report(as_of, len(directory.organizations))

    def _sync_one(
        self, organization: Organization, directory: Directory, as_of: datetime
    ) -> Tables:
        if organization.failure:
            return {}
        try:
            with (
                Workers(self.options.concurrency) as workers,
                # Closed before the rows are loaded: DuckDB lets nobody read beside its writer.
                open_known(self.warehouse) as known,
            ):
                outcome = sync_organization(
                    organization, directory, known, as_of, self.options, workers
                )
        except SentryError as error:
            self._failures[organization.slug] = str(error)
            log.error("%s: not synced, its former data stay: %s", organization.slug, error)
            return {}
        self._outcomes[organization.slug] = outcome
        log.info(
            "%s: synced; %d issues new, %d changed, %d gone",
            organization.slug,
            outcome.issues_new,
            outcome.issues_changed,
            outcome.issues_vanished,
        )
        return dict(outcome.tables)

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
        row = {
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


def _read(api: SentryApi, slugs: list[str], known: Known) -> Directory:
    directory = read_directory(api, slugs, known)
    if not directory.organizations:
        raise ConfigurationError("There is no organization to sync.")
    return directory


def _directory_tables(directory: Directory, known: Known, as_of: datetime) -> Tables:
    """Return the changed rows of organizations, projects, their former slugs, teams and links."""
    read = [org for org in directory.organizations if org.failure is None]
    projects = [row for org in read for row in org.projects.values()]
    known.stage(
        ORGANIZATIONS, [to_arrow(ORGANIZATIONS, [org.row | {"observed_at": as_of} for org in read])]
    )
    known.stage(PROJECTS, [to_arrow(PROJECTS, [row | {"observed_at": as_of} for row in projects])])
    known.bury(PROJECTS, directory.gone_projects, "deleted_at", as_of)
    teams = [row | {"observed_at": as_of} for org in read for row in org.teams.values()]
    known.stage(TEAMS, [to_arrow(TEAMS, teams)])
    known.bury(TEAMS, directory.gone_teams, "deleted_at", as_of)
    slugs: list[Row] = [
        {
            "project_id": row["project_id"],
            "organization_slug": row["organization_slug"],
            "project_slug": row["project_slug"],
            "adopted_at": as_of,
        }
        for row in projects
    ]
    known.stage(PROJECT_SLUGS, [to_arrow(PROJECT_SLUGS, slugs)])
    links: list[Row] = [
        {
            "project_id": project_id,
            "team_id": team_id,
            "organization_slug": org.slug,
            "removed_at": None,
            "observed_at": as_of,
        }
        for org in read
        for project_id, team_id in sorted(org.project_teams)
    ]
    known.stage(PROJECT_TEAMS, [to_arrow(PROJECT_TEAMS, links)])
    known.bury_links({org.slug for org in read}, as_of)
    return {
        ORGANIZATIONS.name: known.changed(ORGANIZATIONS),
        PROJECTS.name: known.changed(PROJECTS),
        PROJECT_SLUGS.name: known.adopted_slugs(),
        TEAMS.name: known.changed(TEAMS),
        PROJECT_TEAMS.name: known.changed(PROJECT_TEAMS),
    }


EMPTY: Tables = {table.name: table.schema.empty_table() for table in RAW_TABLES}
