"""A random world: a random truth in Sentry, as a sequence of syncs would have written it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from . import random_catalog
from .ground_truth import GroundTruth, Run
from .random_truth import random_truth
from .random_usage import release_rows, user_rows
from .raw_issues import issue_rows
from .raw_projects import project_rows, team_rows
from .raw_world import RAW_KEYS, RawWorld, Row

# Mid-day, the first instant of a month, the last second of a day, and the day of a leap year.
AS_OF = (
    datetime(2026, 3, 18, 9, 17, 23, 500_000),
    datetime(2026, 5, 1),
    datetime(2026, 8, 2, 23, 59, 59),
    datetime(2028, 2, 29, 12),
)

# Seeds of the worlds that the models are built on: one whose as_of is the first instant of a month,
# which also grows from sync to sync, and one whose last sync runs over midnight.
GROWN, OVER_MIDNIGHT = 9, 2


@dataclass(frozen=True)
class RandomWorld:
    """The same world as it was left by its first, second, ... last sync."""

    truth: GroundTruth
    after: tuple[RawWorld, ...]

    @property
    def last(self) -> RawWorld:
        return self.after[-1]


@cache
def random_world(
    seed: int, *, projects: int = 40, issues: int = 2500, products: int = 30
) -> RandomWorld:
    """The world of a seed; the same on every machine."""
    rng = Random(seed)
    truth = random_truth(rng, as_of=AS_OF[seed % len(AS_OF)], projects=projects, issues=issues)
    tree = random_catalog.products(rng, products)
    slugs = sorted({slug for project in truth.projects for _, slug in project.slugs})
    mapping = random_catalog.project_products(
        rng, [product["product_id"] for product in tree], list(truth.organizations[:4]), slugs
    )
    rules = random_catalog.issue_rules(
        Random(f"rules {seed}"),
        [product["product_id"] for product in tree],
        list(truth.organizations[:4]),
        slugs,
    )
    raw: dict[str, list[Row]] = {name: [] for name in RAW_KEYS}
    worlds = []
    for run in truth.runs:
        raw = _stamped(_everything(truth, tree, run.index), before=raw, run=run)
        worlds.append(
            RawWorld(
                raw=raw | {"organization_syncs": _organization_syncs(truth, run.index)},
                products=tree,
                project_products=mapping,
                sla_targets=random_catalog.sla_targets(),
                issue_rules=rules,
                health_targets=random_catalog.health_targets(),
                sync_runs=_sync_runs(truth, run.index),
                tickets=_tickets(raw["issues"], run.started["acme"]),
            )
        )
    return RandomWorld(truth, tuple(worlds))


def _everything(truth: GroundTruth, products: list[Row], run: int) -> dict[str, list[Row]]:
    """The rows that the syncs up to `run` have left, before they are stamped with their load."""
    tables: dict[str, list[Row]] = {name: [] for name in RAW_KEYS}
    for slug in truth.organizations:
        tables["organizations"].append({"organization_slug": slug, "organization_name": slug})
    for project in truth.projects:
        for name, row in project_rows(project, truth.runs[: run + 1]):
            tables[name].append(row)
    for team in truth.teams:
        for name, row in team_rows(team, truth.runs[: run + 1]):
            tables[name].append(row)
    for issue in truth.issues:
        for name, row in issue_rows(issue, truth, run):
            tables[name].append(row)
    for name, row in (*release_rows(truth, run), *user_rows(products, truth, run)):
        tables[name].append(row)
    return tables


def _stamped(
    tables: dict[str, list[Row]], *, before: dict[str, list[Row]], run: Run
) -> dict[str, list[Row]]:
    """Rows as they are, where nothing changed, else with this run's load id."""
    stamped: dict[str, list[Row]] = {}
    for name, rows in tables.items():
        key = RAW_KEYS[name]
        old = {tuple(row[column] for column in key): row for row in before[name]}
        stamped[name] = []
        for row in rows:
            version = {"observed_at": run.started[row["organization_slug"]]} | row
            previous = old.get(tuple(row[column] for column in key))
            unchanged = previous and previous | row == previous
            stamped[name].append(previous if unchanged else version | {"_dlt_load_id": run.load_id})
    return stamped


def _organization_syncs(truth: GroundTruth, last: int) -> list[Row]:
    return [
        {
            "run_id": f"run-{run.index}",
            "organization_slug": organization,
            "started_at": started,
            "finished_at": started + timedelta(minutes=4),
            "mode": "full" if run.is_full else "incremental",
            "status": "failed" if organization in run.failed else "complete",
            "failure": f"HTTP {500 + run.index}" if organization in run.failed else None,
            "requests": 12,
            "pages": 10,
            "retries": run.index,
            "seconds_rate_limited": 1.5 * run.index,
            "issues_new": 3,
            "issues_changed": 4,
            "issues_vanished": 1,
            "_dlt_load_id": run.load_id,
        }
        for run in truth.runs[: last + 1]
        for organization, started in run.started.items()
    ]


def _tickets(issues: list[Row], as_of: datetime) -> list[Row]:
    """A ticket of every seventh issue, one more of some, and one of an issue that nobody knows."""
    categories = ("to_do", "in_progress", "done", "deleted", None)
    chosen = sorted({issue["issue_id"] for issue in issues})[::7]
    rows = []
    for place, issue_id in enumerate([*chosen, "unknown"]):
        for again in range(1 + (place % 5 == 0)):
            category = categories[(place + again) % len(categories)]
            rows.append(
                {
                    "project": "SHOP",
                    "organization_slug": "acme",
                    "issue_id": issue_id,
                    "ticket_key": f"SHOP-{2 * place + again}",
                    "ticket_url": f"https://jira.example/browse/SHOP-{2 * place + again}",
                    "ticket_status": category and category.title(),
                    "ticket_status_category": category,
                    "earlier_ticket_key": f"SHOP-{2 * place}" if again else None,
                    "is_latest": again or place % 5 != 0,
                    "opened_at": as_of - timedelta(days=1 + place % 9),
                    "created_at": as_of - timedelta(days=place % 9),
                    "ticket_resolved_at": as_of - timedelta(hours=2)
                    if category == "done"
                    else None,
                    "refreshed_at": as_of if category else None,
                }
            )
    return [row | {"is_latest": bool(row["is_latest"])} for row in rows]


def _sync_runs(truth: GroundTruth, last: int) -> list[Row]:
    return [
        {
            "run_id": f"run-{run.index}",
            "started_at": run.started["acme"] - timedelta(seconds=3),
            "finished_at": run.started["acme"] + timedelta(minutes=9) if run.index < last else None,
            "status": "partial" if run.index < last else "running",
            "issues_total": 100 + run.index,
            "directory_requests": 1,
        }
        for run in truth.runs[: last + 1]
    ]
