"""The reports: what products, teams, priorities and roots add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from .oracle_days import Days
from .oracle_facts import DAY, Oracle, Part, percentile
from .oracle_health import health, is_high, product_health
from .oracle_history import HOUR, Life
from .oracle_suggestions import active_products, suggestions
from .oracle_usage import Usage
from .oracle_versions import TermsOfMonths
from .raw_world import Row


def projects_of(oracle: Oracle, products: Iterable[str | None]) -> list[str]:
    return [each for product_id in products for each in oracle.projects_of[product_id]]


def parts_of(oracle: Oracle, products: Iterable[str | None]) -> list[Part]:
    return [each for product_id in products for each in oracle.parts_of[product_id]]


def counts(oracle: Oracle, products: Iterable[str | None]) -> Row:
    """The figures that exist rolled up and as `own_`, of these products' projects and issues."""
    products = list(products)
    projects = projects_of(oracle, products)
    live = oracle.live(products)
    usage = Usage(oracle)
    statuses = [life.status for life in live]
    open_sla = [oracle.sla(life) for life in live if life.status == "unresolved"]
    return {
        "project_count": len(projects),
        "total_issues": len(live),
        "unresolved_issues": statuses.count("unresolved"),
        "resolved_issues": statuses.count("resolved"),
        "ignored_issues": statuses.count("ignored"),
        "new_issues_7d": sum(oracle.in_window(life.first_seen, 7) for life in live),
        "resolved_issues_7d": len(oracle.resolves(live, 7)),
        "event_count": sum(life.row["event_count"] for life in live),
        "events_7d": oracle.events_in(parts_of(oracle, products), 7),
        "production_events_7d": usage.within(projects, "production_event_count", 7),
        "sessions_7d": usage.within(projects, "sessions", 7),
        "production_unresolved_issues": usage.in_production(
            [project_id for project_id, _ in parts_of(oracle, products)], live
        ),
        "user_count": sum(life.row["user_count"] or 0 for life in live),
        "sla_breached_issues": open_sla.count("breached"),
        "sla_at_risk_issues": open_sla.count("at_risk"),
    }


def high_and_open(live: Iterable[Life]) -> int:
    return sum(life.status == "unresolved" and is_high(life) for life in live)


def oldest(live: Iterable[Life]) -> Row:
    opened = [life.opened_at for life in live if life.status == "unresolved"]
    return {"oldest_unresolved_at": min(opened, default=None)}


def last_seen(live: Iterable[Life]) -> datetime | None:
    seen = [life.row["last_seen_at"] for life in live if life.row["last_seen_at"]]
    return max(seen, default=None)


def product_overview(oracle: Oracle) -> list[Row]:
    rows, usage = list[Row](), Usage(oracle)
    for dimensions in oracle.products.values():
        tree = oracle.tree(dimensions["product_id"])
        live = oracle.live(tree)
        parts, projects = parts_of(oracle, tree), projects_of(oracle, tree)
        own = counts(oracle, [dimensions["product_id"]])
        hours = [resolve.hours for resolve in oracle.resolves(live, 30)]
        rows.append(
            dimensions
            | counts(oracle, tree)
            | {f"own_{column}": figure for column, figure in own.items()}
            | oldest(live)
            | product_health(oracle, dimensions["product_id"])
            | usage.users(dimensions["product_id"])
            | {
                "new_issues_previous_7d": sum(
                    oracle.in_window(life.first_seen, 7, ago=7) for life in live
                ),
                "resolved_issues_previous_7d": len(oracle.resolves(live, 7, ago=7)),
                "events_previous_7d": oracle.events_in(parts, 7, ago=7),
                "events_growth_7d": oracle.events_growth_7d(parts),
                "events_known_from": oracle.events_known_from(parts),
                "crash_free_sessions_7d": usage.crash_free(projects, 7),
                "crash_free_sessions_previous_7d": usage.crash_free(projects, 7, ago=7),
                "production_events_known_from": usage.known_from(each for each, _ in parts),
                "unresolved_high_issues": high_and_open(live),
                "last_seen_at": last_seen(live),
                "timed_resolutions_30d": len(hours),
                "median_hours_to_resolution_30d": percentile(hours, 0.5),
                "p90_hours_to_resolution_30d": percentile(hours, 0.9),
            }
        )
    return rows


def product_issues(oracle: Oracle) -> list[Row]:
    return [
        {
            "product_id": product_id,
            "issue_id": life.row["issue_id"],
            "own_product_id": below,
            "distance": distance,
        }
        for product_id in oracle.catalog.products
        for below, distance in oracle.catalog.active_tree(product_id)
        for life in oracle.live([below])
    ]


def issue_rules(oracle: Oracle) -> list[Row]:
    rows = []
    for rule in oracle.world.issue_rules:
        routed = [
            life
            for product_id in oracle.catalog.products
            for life in oracle.live([product_id])
            if oracle.routes.get(life.row["issue_id"]) == rule
        ]
        events = [oracle.issue_events(life)[0] for life in routed]
        known = [count for count in events if count is not None]
        rows.append(
            {column: rule[column] for column in ("line", "field", "pattern", "product_id")}
            | {
                "organization_slug": rule["organization"],
                "project_pattern": rule["project"],
                "routed_issues": len(routed),
                "unresolved_issues": sum(life.status == "unresolved" for life in routed),
                "events_7d": sum(known) if known else None,
            }
        )
    return rows


def team_accountability(oracle: Oracle) -> list[Row]:
    owned = defaultdict(list)
    for product_id in active_products(oracle):
        owner, _ = oracle.catalog.nearest(product_id, "owner_team")
        owned[owner or "(unowned)"].append(product_id)
    wanted = (
        "project_count total_issues unresolved_issues new_issues_7d resolved_issues_7d"
        " sla_breached_issues sla_at_risk_issues events_7d"
    )
    rows = []
    for team, products in owned.items():
        live = oracle.live(products)
        hours = [resolve.hours for resolve in oracle.resolves(live, 30)]
        rows.append(
            {"owner_team": team, "product_count": len(products)}
            | {column: counts(oracle, products)[column] for column in wanted.split()}
            | oldest(live)
            | {
                "unresolved_high_issues": high_and_open(live),
                "timed_resolutions_30d": len(hours),
                "median_hours_to_resolution_30d": percentile(hours, 0.5),
            }
        )
    return rows


def unassigned_projects(oracle: Oracle) -> list[Row]:
    rows = []
    suggested = suggestions(oracle)
    for project_id in oracle.projects_of[None]:
        live = oracle.live_by_part[project_id, None]
        product_id, reason = suggested[project_id]
        rows.append(
            {
                "organization_slug": oracle.projects[project_id]["organization_slug"],
                "project_slug": oracle.projects[project_id]["project_slug"],
                "project_id": project_id,
                "total_issues": len(live),
                "unresolved_issues": sum(life.status == "unresolved" for life in live),
                "events_7d": oracle.events_in([(project_id, None)], 7),
                "last_seen_at": last_seen(live),
                "suggested_product_id": product_id,
                "suggestion_reason": reason,
            }
        )
    return rows


def sla_compliance(oracle: Oracle) -> list[Row]:
    resolves = defaultdict(list)
    months = TermsOfMonths(oracle)
    for product_id in oracle.catalog.products:
        for life in oracle.live([product_id]):
            for resolve in life.resolves:
                day = oracle.day_of(resolve.at)
                if terms := months.of(product_id, day, life):
                    resolves[terms.priority, day.replace(day=1)].append((resolve, terms.hours))
    rows = []
    for (priority, month), found in resolves.items():
        met = sum(resolve.open_for <= hours * HOUR for resolve, hours in found)
        rows.append(
            {
                "product_priority": priority,
                "month_on": month,
                "resolved_issues": len(found),
                "met_issues": met,
                "breached_issues": len(found) - met,
                "met_ratio": met / len(found),
                "median_hours_to_resolution": percentile(
                    [resolve.hours for resolve, _ in found], 0.5
                ),
            }
        )
    return rows


def executive_summary(oracle: Oracle, days: Days) -> list[Row]:
    roots = [row for row in oracle.products.values() if row["depth"] == 0 and row["is_active"]]
    parts: dict[tuple[str, str, str | None], list[str | None]] = {
        ("(all)", "(all)", None): [*active_products(oracle), None],
        ("(unassigned)", "(unassigned)", None): [None],
    }
    for root in roots:
        name = root["product_id"], root["product_name"], root["product_priority"]
        parts[name] = list(oracle.tree(root["product_id"]))
    everything = _open(oracle, [*active_products(oracle), None])
    return [
        dict(zip(("product_id", "product_name", "product_priority"), name, strict=True))
        | _executive(oracle, days, products)
        | health(oracle, products, name[2])
        | {"unresolved_share": _open(oracle, products) / everything if everything else None}
        for name, products in parts.items()
    ]


def _open(oracle: Oracle, products: Iterable[str | None]) -> int:
    return sum(life.status == "unresolved" for life in oracle.live(products))


def _executive(oracle: Oracle, days: Days, products: list[str | None]) -> Row:
    live, parts = oracle.live(products), parts_of(oracle, products)
    projects = projects_of(oracle, products)
    before = oracle.as_of.date() - 30 * DAY
    still_open = _open(oracle, products)
    covered = _open(oracle, [each for each in products if each])
    row: Row = {
        "project_count": len(projects),
        "sessions_30d": days.usage.within(projects, "sessions", 30),
        "unresolved_issues": still_open,
        "covered_share": covered / still_open if still_open else None,
        "events_known_from": oracle.events_known_from(parts),
        "unresolved_issues_30d_ago": sum(
            days.of_parts[part].get(before, {}).get("unresolved_issues") or 0 for part in parts
        ),
    }
    for suffix, ago in (("30d", 0), ("previous_30d", 30)):
        resolves = oracle.resolves(live, 30, ago)
        kept = [
            resolve.open_for <= terms.hours * HOUR
            for life in live
            for resolve in oracle.resolves([life], 30, ago)
            if (terms := days.terms.of(oracle.product_of(life), oracle.day_of(resolve.at), life))
        ]
        row |= {
            f"events_{suffix}": oracle.events_in(parts, 30, ago),
            f"crash_free_sessions_{suffix}": days.usage.crash_free(projects, 30, ago),
            f"new_issues_{suffix}": sum(
                oracle.in_window(life.first_seen, 30, ago) for life in live
            ),
            f"resolved_issues_{suffix}": len(resolves),
            f"median_hours_to_resolution_{suffix}": percentile(
                [resolve.hours for resolve in resolves], 0.5
            ),
            f"sla_met_ratio_{suffix}": sum(kept) / len(kept) if kept else None,
        }
    return row
