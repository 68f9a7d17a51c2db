"""What really happened in Sentry: projects, issues, and the syncs that looked at them.

The organization `insight` is one where nothing stays hidden: every flip is read and nothing is
ever removed, so that Sentry's own figures can be computed for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .raw_world import Row

INSIGHT = "insight"
# A commit or a pull request may resolve at once, or only announce what a release does later.
ANNOUNCED = ("set_resolved_in_commit", "set_resolved_in_pull_request")
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
# A sync reads an issue this long after it started, so it sees what happened meanwhile.
READ_AFTER = timedelta(seconds=90)


@dataclass(frozen=True)
class Run:
    """One sync over all organizations, each with its own start."""

    index: int
    started: dict[str, datetime]
    failed: frozenset[str]
    is_full: bool

    @property
    def load_id(self) -> str:
        return f"17{self.index:08}.5"


@dataclass(frozen=True)
class Project:
    """A project; what changes about it changes between two runs.

    Its mood decides how its products are: `mild` issues are never severe, `fresh` and `recent` ones
    neither that nor old, and a `silent` project has none.
    """

    project_id: str
    slugs: tuple[tuple[int, str], ...]
    organizations: tuple[tuple[int, str], ...]
    deleted_in: int | None
    hidden_in: tuple[int, int] | None
    mood: str
    events: dict[date, int]

    def slug(self, run: int) -> str:
        return [slug for since, slug in self.slugs if since <= run][-1]

    def organization(self, run: int) -> str:
        return [slug for since, slug in self.organizations if since <= run][-1]

    def is_deleted(self, run: int) -> bool:
        return self.deleted_in is not None and self.deleted_in <= run

    def is_hidden(self, run: int) -> bool:
        return self.hidden_in is not None and self.hidden_in[0] <= run < self.hidden_in[1]


@dataclass(frozen=True)
class Change:
    """A change of status; Sentry records it at once, or later when it resolved by age."""

    at: datetime
    status: str
    activity: str
    recorded_at: datetime


@dataclass(frozen=True)
class Gone:
    """The end of an issue; a deletion is pending for a while before the issue vanishes."""

    at: datetime
    reason: str
    into: str | None
    vanished_at: datetime


@dataclass(frozen=True)
class Issue:
    """An issue, what befell it, and which of its activity lists the budget let a sync read.

    `traits` are columns of its row that nothing changes.
    """

    issue_id: str
    project: Project
    first_seen: datetime
    changes: tuple[Change, ...]
    noise: tuple[tuple[datetime, str], ...]
    gone: Gone | None
    category: str
    count: int
    events: dict[date, int]
    traits: Row
    reads_flip: tuple[bool, ...]
    backfilled_in: frozenset[int]


@dataclass(frozen=True)
class Team:
    """A Sentry team and the run that takes each of its projects away (None: none does)."""

    team_id: str
    organization: str
    slug: str
    deleted_in: int | None
    projects: tuple[tuple[Project, int | None], ...]


@dataclass(frozen=True)
class GroundTruth:
    runs: tuple[Run, ...]
    organizations: tuple[str, ...]
    without_activities: frozenset[str]
    projects: tuple[Project, ...]
    teams: tuple[Team, ...]
    issues: tuple[Issue, ...]
