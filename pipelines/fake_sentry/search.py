"""Issue search: Sentry's query language, as far as an extractor has a use for it, over the events of a window."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pipelines.fake_sentry.calls import Call, Refusal
from pipelines.fake_sentry.entities import Events, Issue, Project
from pipelines.fake_sentry.issue_state import distinct_users, short_id
from pipelines.fake_sentry.sentry_world import SentryWorld

Seen = list[Events]  # the events of an issue inside the window
Condition = Callable[[SentryWorld, Issue, Seen], bool]

UNSEARCHABLE = {"pending_deletion", "pending_merge", "deletion_in_progress"}
HIDDEN_CATEGORIES = {"feedback", "configuration"}
SUBSTATUSES = {
    "new",
    "ongoing",
    "escalating",
    "regressed",
    "archived_until_escalating",
    "archived_until_condition_met",
    "archived_forever",
}
REMEMBERED_SEARCHES = 64
TOKEN = re.compile(
    r'(?P<negated>!)?(?P<key>[A-Za-z_.]+):(?P<value>\[[^\]]*\]|"[^"]*"|\S+)|(?P<text>"[^"]*"|\S+)'
)
DURATION = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "": operator.eq,
}


@dataclass
class Query:
    """A query that has been understood."""

    conditions: list[Condition] = field(default_factory=list)
    wants_unresolved: bool = False
    names_category: bool = False


class Found(NamedTuple):
    """Issues in order, and their negated scores."""

    issues: list[Issue]
    descending: list[int]


def understand(text: str, call: Call) -> Query:
    """Return the query that `text` says; 400 for what Sentry would not understand."""
    if text.count('"') % 2:
        raise Refusal(400, f"Parse error at '{text[-20:]}': unbalanced quotes")
    if re.search(r"[()]|\b(OR|AND)\b", text):
        raise Refusal(400, 'Boolean statements containing "OR" or "AND" are not supported')
    query = Query()
    for token in TOKEN.finditer(text):
        if token["key"]:
            condition = _condition(token["key"], token["value"], call)
            query.wants_unresolved |= token["value"] == "unresolved" and not token["negated"]
            query.names_category |= token["key"] == "issue.category"
            query.conditions.append(_not(condition) if token["negated"] else condition)
        else:
            query.conditions.append(_contains(token["text"].strip('"').lower()))
    return query


def find(
    call: Call,
    projects: Iterable[Project],
    text: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    environments: frozenset[str] = frozenset(),
    sort: str = "date",
) -> tuple[Query, Found]:
    """Return the issues of `projects` with an event in [start, end) that match, best score first."""
    world, homes = call.world, tuple(projects)
    key = (world.version, tuple(p.id for p in homes), text, start, end, environments, sort)
    known = call.memory.searches
    if key not in known:
        while len(known) >= REMEMBERED_SEARCHES:
            known.pop(next(iter(known)))
        query = understand(text, call)
        known[key] = query, _search(world, homes, query, start, end, environments, sort)
    found: tuple[Query, Found] = known[key]
    return found


def _search(
    world: SentryWorld,
    projects: tuple[Project, ...],
    query: Query,
    start: datetime | None,
    end: datetime | None,
    environments: frozenset[str],
    sort: str,
) -> Found:
    ranked = []
    for project in projects:
        for issue in project.issues.values():
            if issue.status in UNSEARCHABLE:
                continue
            if not query.names_category and issue.category in HIDDEN_CATEGORIES:
                continue
            seen = world.stored_events(issue, start, end, environments)
            if seen and all(holds(world, issue, seen) for holds in query.conditions):
                ranked.append((-_score(sort, issue, seen), int(issue.id), issue))
    ranked.sort(key=lambda row: row[:2])
    return Found([row[2] for row in ranked], [row[0] for row in ranked])


def _score(sort: str, issue: Issue, seen: Seen) -> int:
    if sort == "new":
        return int(issue.first_seen.timestamp() * 1000)
    if sort == "user":
        return distinct_users(seen)
    if sort in {"freq", "trends", "priority", "recommended"}:
        return sum(events.amount for events in seen)
    return int(seen[-1].at.timestamp()) * 1000


def _condition(key: str, value: str, call: Call) -> Condition:
    values = set(value.strip("[]").replace('"', "").split(",")) if value else set()
    values = {v.strip() for v in values}
    match key:
        case "is":
            return _is(value, call)
        case "level":
            return lambda _, issue, __: issue.level in values
        case "issue.id":
            return lambda _, issue, __: issue.id in values
        case "issue":
            return lambda _, issue, __: short_id(issue) in values
        case "issue.priority":
            return lambda _, issue, __: issue.priority in values
        case "issue.category":
            return lambda _, issue, __: issue.category in values
        case "issue.type":
            return lambda _, issue, __: issue.issue_type in values
        case "project" | "project.name" | "project.id":
            return lambda _, issue, __: bool({issue.project.slug, issue.project.id} & values)
        case "assigned":
            return lambda _, issue, __: bool(_assignee_names(issue) & values)
        case "lastSeen":
            return _time(value, call, lambda issue, seen: seen[-1].at)
        case "firstSeen" | "age":
            return _time(value, call, lambda issue, seen: issue.first_seen)
        case "timesSeen":
            return _number(value, lambda issue, seen: sum(e.amount for e in seen))
        case "firstRelease":
            return lambda _, issue, __: issue.first_release in values
        case _:
            raise Refusal(400, f"Invalid key for this search: {key}")


def _is(value: str, call: Call) -> Condition:
    if value == "archived" and not call.flavour.has_is_archived:
        raise Refusal(400, f"Invalid value for \"is\" search: '{value}'")
    if value in {"archived", "ignored"}:
        return lambda _, issue, __: issue.status == "ignored"
    if value in {"unresolved", "resolved"}:
        return lambda _, issue, __: issue.status == value
    if value in {"assigned", "unassigned"}:
        return lambda _, issue, __: (issue.assignee is not None) == (value == "assigned")
    if value in {"linked", "unlinked"}:
        return lambda _, issue, __: bool(issue.annotations) == (value == "linked")
    if value == "for_review":
        return lambda _, issue, __: issue.status == "unresolved" and issue.substatus == "new"
    if value in SUBSTATUSES and call.flavour.has_current_fields:
        return lambda _, issue, __: issue.substatus == value
    raise Refusal(400, f"Invalid value for \"is\" search: '{value}'")


def _assignee_names(issue: Issue) -> set[str | None]:
    if issue.assignee is None:
        return {"none"}
    team = f"#{issue.assignee.name}" if issue.assignee.kind == "team" else None
    return {issue.assignee.name, issue.assignee.email, team}


def _contains(text: str) -> Condition:
    return lambda _, issue, __: text in issue.title.lower() or text in (issue.culprit or "").lower()


def _not(condition: Condition) -> Condition:
    return lambda world, issue, seen: not condition(world, issue, seen)


def _time(value: str, call: Call, value_of: Callable[[Issue, Seen], datetime]) -> Condition:
    if relative := re.fullmatch(r"([-+])(\d+)([mhdw])", value):
        sign, number, unit = relative.groups()
        limit = call.world.clock - timedelta(**{DURATION[unit]: int(number)})
        return _compare(">" if sign == "-" else "<", limit, value_of)
    for sign in COMPARISONS:
        if sign and value.startswith(sign):
            try:
                limit = datetime.fromisoformat(value.removeprefix(sign))
            except ValueError:
                break
            limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
            return _compare(sign, limit.replace(microsecond=0), value_of)
    raise Refusal(400, f"{value} is not a valid datetime query")


def _compare(sign: str, limit: datetime, value_of: Callable[[Issue, Seen], datetime]) -> Condition:
    holds = COMPARISONS[sign]
    return lambda _, issue, seen: holds(value_of(issue, seen).replace(microsecond=0), limit)


def _number(value: str, value_of: Callable[[Issue, Seen], int]) -> Condition:
    sign = next(s for s in COMPARISONS if value.startswith(s))
    if not value.removeprefix(sign).isdigit():
        raise Refusal(400, f"Invalid number: {value}")
    limit, holds = int(value.removeprefix(sign)), COMPARISONS[sign]
    return lambda _, issue, seen: holds(value_of(issue, seen), limit)
