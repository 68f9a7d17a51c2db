"""`product_overview` by hand: a walk over the fake Sentry and the CSVs, sharing nothing with the models."""

from __future__ import annotations

import csv
import fnmatch
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.fake_sentry.entities import Issue, Project
from pipelines.fake_sentry.expected_issues import accepted_per_day
from pipelines.fake_sentry.sentry_world import SentryWorld

HIDDEN = {"feedback", "configuration"}
OPEN_ACTIVITIES = {"set_unresolved", "set_regression", "set_escalating"}


@dataclass
class Product:
    row: dict[str, str]
    parent: Product | None = None
    children: list[Product] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    # Events per day that rules brought along from projects of other products, or took away to these.
    routed: Counter[date] = field(default_factory=Counter)

    @property
    def priority(self) -> str | None:
        return self.row["priority"] or (self.parent.priority if self.parent else None)

    @property
    def is_active(self) -> bool:
        own = self.row["is_active"].lower() in {"", "true", "yes", "1"}
        return own and (self.parent is None or self.parent.is_active)

    def subtree(self) -> list[Product]:
        below = [p for c in self.children if c.is_active for p in c.subtree()]
        return [self, *below]


def read_products(seeds: Path) -> dict[str, Product]:
    with (seeds / "products.csv").open(encoding="utf-8") as file:
        products = {row["product_id"]: Product(row) for row in csv.DictReader(file)}
    for product in products.values():
        if product.row["parent_id"]:
            product.parent = products[product.row["parent_id"]]
            product.parent.children.append(product)
    return products


Targets = dict[tuple[str, str], float]


def read_targets(seeds: Path) -> Targets:
    """Return the hours by the priority of a product and of an issue (blank: any)."""
    with (seeds / "sla_targets.csv").open(encoding="utf-8") as file:
        return {
            (row["priority"], row["issue_priority"]): float(row["resolve_within_hours"])
            for row in csv.DictReader(file)
        }


def target(targets: Targets, product: Product, issue: Issue) -> float | None:
    priority = "high" if issue.level == "fatal" else issue.priority or ""
    cells = [(product.priority or "", priority), (product.priority or "", "")]
    return next((targets[cell] for cell in cells if cell in targets), None)


def assign(world: SentryWorld, products: dict[str, Product], seeds: Path) -> list[Project]:
    """Give each project and each issue to its product; returns the projects without one."""
    with (seeds / "project_products.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (seeds / "issue_rules.csv").open(encoding="utf-8") as file:
        rules = list(csv.DictReader(file))
    unassigned = []
    for project in world.projects.values():
        owner = None
        former = [slug for (org, slug), pid in world.former_slugs.items() if pid == project.id]
        for matches in (
            [r for r in rows if r["project"] == project.slug],
            [r for r in rows if r["project"] in former],
            [
                r
                for r in rows
                if "*" in r["project"] and fnmatch.fnmatch(project.slug, r["project"])
            ],
            [
                r
                for r in rows
                if "*" in r["project"] and any(fnmatch.fnmatch(s, r["project"]) for s in former)
            ],
        ):
            mine = [r for r in matches if r["organization"] in ("", project.organization)]
            mine.sort(key=lambda r: (not r["organization"], -len(r["project"].replace("*", ""))))
            if mine:
                owner = products[mine[0]["product_id"]]
                owner.projects.append(project)
                break
        else:
            unassigned.append(project)
        for issue in counted(project):
            _route(issue, owner, products, rules)
    return unassigned


def _route(
    issue: Issue, owner: Product | None, products: dict[str, Product], rules: list[dict[str, str]]
) -> None:
    """Give an issue to the product of the last rule that matches it, else to that of its project."""
    texts = {"title": issue.title, "culprit": issue.culprit, **issue.metadata}
    by_rule = [
        products[rule["product_id"]]
        for rule in rules
        if fnmatch.fnmatch(issue.project.slug, rule["project"])
        and fnmatch.fnmatch((texts.get(rule["field"]) or "").lower(), rule["pattern"].lower())
    ]
    product = by_rule[-1] if by_rule else owner
    if product:
        product.issues.append(issue)
    for events in issue.events if by_rule else ():
        by_rule[-1].routed[events.at.date()] += events.amount
        if owner:
            owner.routed[events.at.date()] -= events.amount


def overview(world: SentryWorld, product: Product, targets: Targets, prefix: str) -> dict[str, Any]:
    """Return the numbers of one product, of its own projects (`own_`) or of its active tree."""
    members = [product] if prefix else product.subtree()
    issues = [(issue, member) for member in members for issue in member.issues]
    open_issues = [(i, m) for i, m in issues if world.shown_status(i) == "unresolved"]
    projects = [p for m in members for p in m.projects]
    accepted = accepted_per_day(world)
    today = world.clock.date()
    week = [today - timedelta(days=n) for n in range(7)]

    def events(days: list[date]) -> int | None:
        if not projects and not issues:
            return None
        of_projects = sum(accepted.get((p.id, d), 0) for p in projects for d in days)
        return of_projects + sum(m.routed[d] for m in members for d in days)

    late, soon = 0, 0
    for issue, member in open_issues:
        limit = target(targets, member, issue)
        if limit is not None:
            hours = (world.clock - opened_at(issue)).total_seconds() / 3600
            late += hours > limit
            soon += 0.8 * limit <= hours <= limit
    numbers: dict[str, Any] = {
        "project_count": len(projects),
        "total_issues": len(issues),
        "unresolved_issues": len(open_issues),
        "resolved_issues": sum(world.shown_status(i) == "resolved" for i, _ in issues),
        "ignored_issues": sum(world.shown_status(i) == "ignored" for i, _ in issues),
        "new_issues_7d": sum(within(world, i.first_seen, 7) for i, _ in issues),
        "resolved_issues_7d": sum(within(world, at, 7) for i, _ in issues for at, _ in resolves(i)),
        "event_count": sum(i.times_seen for i, _ in issues),
        "events_7d": events(week),
        "sla_breached_issues": late,
        "sla_at_risk_issues": soon,
    }
    numbers = {prefix + name: value for name, value in numbers.items()}
    if not prefix:
        numbers["events_previous_7d"] = events([day - timedelta(days=7) for day in week])
        numbers["unresolved_high_issues"] = sum(
            i.priority == "high" or i.level == "fatal" for i, _ in open_issues
        )
        opened = [opened_at(i) for i, _ in open_issues]
        numbers["oldest_unresolved_at"] = naive(min(opened)) if opened else None
        hours = sorted(h for i, _ in issues for at, h in resolves(i) if within(world, at, 30))
        numbers["median_hours_to_resolution_30d"] = percentile(hours, 0.5)
        numbers["p90_hours_to_resolution_30d"] = percentile(hours, 0.9)
    return numbers


def counted(project: Project) -> list[Issue]:
    return [
        issue
        for issue in project.issues.values()
        if issue.category not in HIDDEN and issue.status != "pending_deletion"
    ]


def resolves(issue: Issue) -> list[tuple[datetime, float]]:
    """Return (resolved at, hours since opened) of every resolve that ended an open time."""
    return [
        (at, (at - since).total_seconds() / 3600)
        for at, since, status in history(issue)
        if status == "resolved"
    ]


def opened_at(issue: Issue) -> datetime:
    """Return when an open issue was first seen or last reopened; what was archived reopens too."""
    *_, (at, since, status) = [(None, whole(issue.first_seen), "open"), *history(issue)]
    return at if at and status == "open" else since


def history(issue: Issue) -> list[tuple[datetime, datetime, str]]:
    """Return (changed at, open since, status after) of every change of status."""
    since, status, found = whole(issue.first_seen), "open", []
    for activity in sorted(issue.activities, key=lambda a: a.at):
        at, after = whole(activity.at), status_after(activity.type)
        if after is None or after == status:
            continue
        if after == "open":
            since = at
        # Only an open issue is resolved after a time; archived, its clock stands still.
        found.append((at, since, after))
        status = after
    return found


def status_after(activity: str) -> str | None:
    if activity.startswith("set_resolved"):
        return "resolved"
    if activity == "set_ignored":
        return "ignored"
    return "open" if activity in OPEN_ACTIVITIES else None


def within(world: SentryWorld, moment: datetime, days: int) -> bool:
    """Return whether it is of the UTC days that end with today."""
    return 0 <= (world.clock.date() - moment.date()).days < days


def whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def percentile(values: list[float], share: float) -> float | None:
    """Linear interpolation between the two nearest ranks, as SQL's percentile_cont."""
    if not values:
        return None
    position = (len(values) - 1) * share
    low = int(position)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (position - low)
