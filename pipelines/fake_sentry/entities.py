"""The things a Sentry installation holds, as plain dataclasses without behaviour.

What belongs here: fields. What happens to them is in `world`, how the API shows them in `shapes`. Times are aware
and in UTC, ids are the strings that Sentry shows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple


class Events(NamedTuple):
    """An `amount` of events of one issue at one moment, sent by the numbered `users`.

    `number` is different for each and makes the event ids, which stay when issues are merged.
    """

    at: datetime
    amount: int
    users: range
    number: int
    environment: str = "production"
    release: str | None = None


@dataclass(eq=False, slots=True)
class Member:
    """A person of an organization; `pending` while only invited."""

    id: str
    user_id: str
    name: str
    email: str
    joined_at: datetime
    pending: bool = False


@dataclass(eq=False, slots=True)
class Release:
    """A version of some projects of one organization."""

    version: str
    released_at: datetime
    project_ids: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Team:
    """A team; projects name the teams that own them."""

    id: str
    slug: str
    name: str
    organization: str
    created_at: datetime
    member_count: int = 1


@dataclass(eq=False, slots=True)
class SentryOrganization:
    """An organization; `region` says which server holds its data."""

    id: str
    slug: str
    name: str
    created_at: datetime
    region: str = "us"
    members: list[Member] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Project:
    """A project. `organization` is a slug; `accepted` and `filtered` count events per hour of their arrival.

    `sessions` counts by hour and status: healthy, errored, crashed, abnormal.
    """

    id: str
    slug: str
    name: str
    organization: str
    platform: str | None
    created_at: datetime
    team_ids: list[str] = field(default_factory=list)
    ownership: list[OwnershipRule] = field(default_factory=list)
    has_access: bool = True  # False: listed, but its issues are not for our token
    is_member: bool = True  # False: left out of requests of a user token that name no project
    resolve_age: timedelta | None = (
        None  # unresolved issues without events for so long are resolved
    )
    issues: dict[str, Issue] = field(default_factory=dict, repr=False)
    accepted: Counter[datetime] = field(default_factory=Counter, repr=False)
    filtered: Counter[datetime] = field(default_factory=Counter, repr=False)
    sessions: Counter[tuple[datetime, str]] = field(default_factory=Counter, repr=False)
    environments: set[str] = field(default_factory=set)
    last_short_number: int = 0
    version: int = 0


class OwnershipRule(NamedTuple):
    """Issues whose title or culprit has the `pattern` (a glob) belong to `owner`: team:ID or user:ID."""

    pattern: str
    owner: str


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who an issue is assigned to: a user, by user id, or a team."""

    kind: str  # user, team
    id: str
    name: str
    email: str | None = None


@dataclass(eq=False, slots=True)
class Activity:
    """One entry of an issue's activity list; `actor` is None when Sentry itself did it."""

    id: str
    type: str
    at: datetime
    actor: Member | None
    data: dict[str, Any]


@dataclass(eq=False, slots=True)
class Issue:
    """An issue. `events` are what Snuba stores, in order of time; `times_seen` to `last_seen` is what Postgres says."""

    id: str
    project: Project = field(repr=False)
    short_number: int
    title: str
    culprit: str | None
    level: str
    first_seen: datetime
    last_seen: datetime
    opened_at: datetime
    times_seen: int = 0
    events: list[Events] = field(default_factory=list, repr=False)
    platform: str | None = None
    logger: str | None = None
    event_type: str = "error"
    issue_type: str = "error"
    category: str = "error"
    metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    is_unhandled: bool = False
    status: str = "unresolved"
    substatus: str | None = "new"
    status_details: dict[str, Any] = field(default_factory=dict)
    resolved_at: datetime | None = None
    priority: str | None = "medium"
    priority_locked_at: datetime | None = None
    assignee: Assignee | None = None
    activities: list[Activity] = field(default_factory=list, repr=False)
    comment_count: int = 0
    annotations: list[dict[str, str]] = field(default_factory=list)
    owners: tuple[str, ...] = ()  # by the ownership rules when its latest event came
    first_release: str | None = None
    last_release: str | None = None
    version: int = 0


class Departed(NamedTuple):
    """Why an id no longer names an issue of its own: deleted, merged (`into` another) or project_gone."""

    issue_id: str
    reason: str
    at: datetime
    project_id: str
    issue: Issue
    into: str | None = None


class Plan(NamedTuple):
    """What is going to happen: `deed` to the issue or project `subject` at `at`, see `simulation`.

    Events come by `amount`, and what repeats does so `every` so many hours.
    """

    at: datetime
    deed: str
    subject: str
    amount: float = 1
    every: float = 24
