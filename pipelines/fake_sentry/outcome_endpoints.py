"""The endpoints that count events per project, by the hour in which they arrived."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.fake_sentry.calls import Call, Refusal, Reply, reply_html, reply_json
from pipelines.fake_sentry.directory_endpoints import chosen_projects, named_project
from pipelines.fake_sentry.entities import Project

FIELDS = {"sum(quantity)", "sum(times_seen)"}
GROUPS = {"outcome", "category", "reason", "project"}
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
TRANSACTIONS_PER_ERROR = 20
MAX_POINTS = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stats_v2(call: Call) -> Reply:
    """Answer `GET /organizations/{o}/stats_v2/`; grouped by project there are totals only."""
    if not call.flavour.has_stats_v2:
        return reply_html(status=404)
    field, by = call.params.get("field"), call.params.getlist("groupBy")
    if field not in FIELDS:
        raise Refusal(400, 'Invalid field: "field" must be sum(quantity) or sum(times_seen)')
    if not by or not set(by) <= GROUPS:
        raise Refusal(400, "Invalid groupBy: outcome, category, reason or project")
    starts, size = asked_intervals(call)
    series: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(starts))
    for project in chosen_projects(call):
        for outcome, category, hours in _outcomes(call, project, starts[0], starts[-1] + size):
            facts = {"outcome": outcome, "category": category, "reason": "none"}
            key = tuple((facts | {"project": int(project.id)})[name] for name in by)
            for hour, amount in hours:
                series[key][(hour - starts[0]) // size] += amount
    groups: list[dict[str, Any]] = []
    for key, numbers in series.items():
        group: dict[str, Any] = {"by": dict(zip(by, key, strict=True))}
        group["totals"] = {field: sum(numbers)}
        if "project" not in by:
            group["series"] = {field: numbers}
        groups.append(group)
    end = starts[-1] + size
    return reply_json({"start": starts[0], "end": end, "intervals": starts, "groups": groups})


def project_stats(call: Call) -> Reply:
    """Answer `GET /projects/{o}/{p}/stats/`: [epoch second, events] per hour or day."""
    project = named_project(call)
    stat = call.params.get("stat", "received")
    counters = {
        "received": (project.accepted, project.filtered),
        "generated": (project.accepted,),
        "blacklisted": (project.filtered,),
        "rejected": (),
    }
    if stat not in counters:
        raise Refusal(400, f"Invalid stat: {stat}")
    size = timedelta(days=1) if call.params.get("resolution") == "1d" else timedelta(hours=1)
    clock = call.world.clock
    since = _epoch(call, "since", clock - timedelta(hours=23))
    until = _epoch(call, "until", clock)
    first, last = (EPOCH + (at - EPOCH) // size * size for at in (since, until))
    totals: Counter[datetime] = Counter()
    for hours in counters[stat]:
        for hour, amount in hours.items():
            totals[EPOCH + (hour - EPOCH) // size * size] += amount
    starts = [first + n * size for n in range((last - first) // size + 1)]
    return reply_json([[int(at.timestamp()), totals[at]] for at in starts])


def _outcomes(
    call: Call, project: Project, start: datetime, end: datetime
) -> Iterator[tuple[str, str, Iterator[tuple[datetime, int]]]]:
    """Yield outcome, category and the events of each hour in [start, end)."""
    categories, outcomes = call.params.getlist("category"), call.params.getlist("outcome")
    for outcome, category, hours, factor in (
        ("accepted", "error", project.accepted, 1),
        ("filtered", "error", project.filtered, 1),
        ("accepted", "transaction", project.accepted, TRANSACTIONS_PER_ERROR),
    ):
        if (not categories or category in categories) and (not outcomes or outcome in outcomes):
            yield outcome, category, _within(hours, start, end, factor)


def _within(
    hours: Mapping[datetime, int], start: datetime, end: datetime, factor: int
) -> Iterator[tuple[datetime, int]]:
    """Look up each hour of a short window, pick from all of them for a long one."""
    first = EPOCH - (EPOCH - start) // HOUR * HOUR
    window = (first + n * HOUR for n in range(-((first - end) // HOUR)))
    is_short = (end - first) // HOUR < len(hours)
    for hour in window if is_short else list(hours):
        if start <= hour < end and hour in hours:
            yield hour, hours[hour] * factor


def asked_intervals(call: Call) -> tuple[list[datetime], timedelta]:
    """Return the starts of the intervals that are asked for, and their length."""
    size = _duration(call.params.get("interval", "1h"), "interval")
    day = timedelta(days=1)
    if size < timedelta(minutes=1) or size > day or day % size:
        raise Refusal(400, "The interval has to divide one day and be at most 1d.")
    start, end = call.moment("start"), call.moment("end")
    if (start is None) != (end is None):
        raise Refusal(400, "start and end are both required")
    if call.params.get("statsPeriod") or start is None or end is None:
        end = call.world.clock
        start = end - _duration(call.params.get("statsPeriod", "24h"), "statsPeriod")
    if start >= end:
        raise Refusal(400, "start must be before end")
    first = EPOCH + (start - EPOCH) // size * size
    count = -((first - end) // size)
    if count > MAX_POINTS:
        raise Refusal(400, "Your interval and date range would create too many results.")
    return [first + n * size for n in range(count)], size


def _duration(text: str, name: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([mhdw])", text)
    if not match:
        raise Refusal(400, f"Invalid {name}: '{text}'")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _epoch(call: Call, name: str, default: datetime) -> datetime:
    text = call.params.get(name)
    return datetime.fromtimestamp(float(text), UTC) if text else default
