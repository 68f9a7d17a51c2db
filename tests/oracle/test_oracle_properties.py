"""What must hold of the oracle in any world, so that agreeing with it means something."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from random import Random
from statistics import median, quantiles
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .oracle import KEYS, expected
from .oracle_catalog import matches, product_of
from .oracle_facts import Oracle, percentile
from .random_world import GROWN, random_world
from .raw_world import RawWorld, Row

SUMMED = (
    "project_count",
    "total_issues",
    "unresolved_issues",
    "resolved_issues",
    "ignored_issues",
    "new_issues_7d",
    "resolved_issues_7d",
    "event_count",
    "events_7d",
    "user_count",
    "production_events_7d",
    "production_unresolved_issues",
    "sessions_7d",
    "sla_breached_issues",
    "sla_at_risk_issues",
)

# A fresh build knows one version of everything.
ONE_VALUE = {
    "product_health_history.valid_from",
    "product_health_history.valid_to",
    "product_history.valid_from",
    "product_history.valid_to",
    "project_assignment_history.valid_from",
    "project_assignment_history.valid_to",
    # Products are mapped at random there; tests/oracle/test_suggestions.py has worlds where something speaks.
    "unassigned_projects.suggested_product_id",
    "unassigned_projects.suggestion_reason",
}

anything = settings(max_examples=12, deadline=None)
# Others each time, and the same for every property: to make a world takes longer than to look at it.
seeds = st.sampled_from(Random().sample(range(10_000), 12))


@cache
def answered(seed: int) -> tuple[RawWorld, dict[str, list[Row]]]:
    world = random_world(seed, projects=20, issues=250, products=16).last
    return world, expected(world)


def added(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None if nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def near(number: float | None) -> Any:
    """As good as the number; shares are None where nothing is open."""
    return None if number is None else pytest.approx(number, rel=1e-9)


def by(rows: list[Row], column: str) -> dict[object, Row]:
    return {row[column]: row for row in rows}


@anything
@given(seeds)
def test_every_table_has_one_row_per_key(seed: int) -> None:
    for table, rows in answered(seed)[1].items():
        keys = Counter(tuple(row[column] for column in KEYS[table]) for row in rows)
        assert [key for key, times in keys.items() if times > 1] == [], table


@anything
@given(seeds)
def test_each_products_total_is_the_sum_of_own_over_its_active_tree(seed: int) -> None:
    world, tables = answered(seed)
    overview = by(tables["product_overview"], "product_id")
    trees = Oracle(world)
    for product_id, row in overview.items():
        tree = trees.tree(str(product_id))
        assert len(tree) == len(set(tree))
        for column in SUMMED:
            assert row[column] == added(overview[each][f"own_{column}"] for each in tree)


@anything
@given(seeds)
def test_own_issues_and_unassigned_ones_are_all_live_issues(seed: int) -> None:
    _, tables = answered(seed)
    own = sum(row["own_total_issues"] for row in tables["product_overview"])
    live = [row for row in tables["fct_issues"] if row["status"] not in ("deleted", "merged")]
    assert own + sum(row["product_id"] is None for row in live) == len(live)
    assert sum(row["unresolved_issues"] for row in tables["unassigned_projects"]) == sum(
        row["product_id"] is None and row["status"] == "unresolved" for row in live
    )


@anything
@given(seeds)
def test_the_last_day_of_the_trend_is_the_present(seed: int) -> None:
    world, tables = answered(seed)
    today = by(
        [row for row in tables["product_daily"] if row["date_on"] == world.as_of.date()],
        "product_id",
    )
    for row in tables["product_overview"]:
        last = today.get(row["product_id"], {"unresolved_issues": 0, "late_issues": 0})
        assert last["unresolved_issues"] == row["unresolved_issues"]
        assert last["late_issues"] == row["sla_breached_issues"]


@anything
@given(seeds)
def test_windows_and_months_are_the_sums_of_their_days(seed: int) -> None:
    world, tables = answered(seed)
    days, months = defaultdict(list), defaultdict(list)
    for row in tables["product_daily"]:
        days[row["product_id"]].append(row)
        months[row["product_id"], row["date_on"].replace(day=1)].append(row)
        assert row["late_issues"] <= row["unresolved_issues"]
    windows = {"7d": (0, 7), "previous_7d": (7, 14), "30d": (0, 30), "previous_30d": (30, 60)}
    for row in (*tables["product_overview"], *tables["executive_summary"]):
        for name, (first, after) in windows.items():
            window = [
                day
                for day in days[row["product_id"]]
                if first <= (world.as_of.date() - day["date_on"]).days < after
            ]
            if f"events_{name}" in row and not row["product_id"].startswith("("):
                assert row[f"events_{name}"] == added(day["event_count"] for day in window)
                for column in ("new_issues", "resolved_issues"):
                    assert row[f"{column}_{name}"] == sum(day[column] for day in window)
    assert len(tables["product_monthly"]) == len(months)
    for row in tables["product_monthly"]:
        of_month = months[row["product_id"], row["month_on"]]
        assert row["event_count"] == added(day["event_count"] for day in of_month)
        for column in ("new_issues", "resolved_issues"):
            assert row[column] == sum(day[column] for day in of_month)
        last = max(of_month, key=lambda day: day["date_on"])
        assert row["late_issues"] == last["late_issues"]


@anything
@given(seeds)
def test_growth_compares_days_that_are_over_and_known(seed: int) -> None:
    world, tables = answered(seed)
    complete = defaultdict(dict)
    for row in tables["product_daily"]:
        complete[row["product_id"]][(world.as_of.date() - row["date_on"]).days] = row["event_count"]
    for row in tables["product_overview"]:
        counts = complete[row["product_id"]]
        known_from = row["events_known_from"]
        if known_from and known_from <= world.as_of.date() - timedelta(days=14):
            now, before = (sum(counts[ago] for ago in week) for week in (range(1, 8), range(8, 15)))
            assert row["events_growth_7d"] == (pytest.approx(now / before) if before else None)


@anything
@given(seeds)
def test_days_follow_each_other_without_a_gap(seed: int) -> None:
    world, tables = answered(seed)
    days = defaultdict(list)
    for row in tables["product_daily"]:
        days[row["product_id"]].append(row["date_on"])
        for column in ("event_count", "new_issues", "unresolved_issues", "late_issues"):
            assert (row[column] or 0) >= (row[f"own_{column}"] or 0) >= 0
    for found in days.values():
        found.sort()
        assert found[-1] == world.as_of.date()
        assert all(b - a == timedelta(days=1) for a, b in pairwise(found))


@anything
@given(seeds)
def test_a_history_never_repeats_a_status_and_moves_forward(seed: int) -> None:
    _, tables = answered(seed)
    histories = defaultdict(list)
    for row in tables["fct_issue_status_changes"]:
        histories[row["issue_id"]].append(row)
    issues = by(tables["fct_issues"], "issue_id")
    for issue_id, steps in histories.items():
        steps.sort(key=lambda row: row["changed_at"])
        assert all(step["from_status"] != step["to_status"] for step in steps)
        assert steps[0]["changed_at"] > issues[issue_id]["first_seen_at"]


@anything
@given(seeds)
def test_a_resolution_time_needs_a_resolved_issue_and_is_never_negative(seed: int) -> None:
    _, tables = answered(seed)
    for row in tables["fct_issues"]:
        assert (row["hours_to_resolution"] is None) == (row["resolved_at"] is None)
        if row["resolved_at"]:
            assert row["status"] == "resolved"
            assert row["hours_to_resolution"] >= 0
        assert row["opened_at"] >= row["first_seen_at"]


@anything
@given(seeds)
def test_everything_is_what_is_live_but_not_of_an_inactive_product(seed: int) -> None:
    _, tables = answered(seed)
    summary = by(tables["executive_summary"], "product_id")
    everything, unassigned = summary.pop("(all)"), summary["(unassigned)"]
    active = [row["product_id"] for row in tables["dim_products"] if row["is_active"]]
    assert summary.keys() - {"(unassigned)"} <= set(active)
    for column in ("unresolved_issues", "new_issues_30d", "events_30d", "unresolved_share"):
        assert everything[column] == near(added(row[column] for row in summary.values()))
    assert everything["unresolved_issues"] == sum(
        row["status"] == "unresolved" and (row["product_id"] or active[0]) in active
        for row in tables["fct_issues"]
    )
    rest = unassigned["unresolved_share"]
    assert everything["covered_share"] == near(None if rest is None else 1 - rest)
    teams = tables["team_accountability"]
    assert sum(row["product_count"] for row in teams) == len(active)
    of_teams = sum(row["unresolved_issues"] for row in teams)
    assert of_teams + unassigned["unresolved_issues"] == everything["unresolved_issues"]


@given(st.permutations(["acme:new", "acme:old", ":old", ":older", "acme:n*", ":n*w", ":ol*"]))
def test_the_most_specific_mapping_row_wins_whatever_the_order(written: list[str]) -> None:
    project = {"organization_slug": "acme", "project_slug": "new"}
    mapping = []
    for entry in written:
        organization, _, pattern = entry.partition(":")
        mapping.append(
            {"organization": organization or None, "project": pattern, "product_id": entry}
        )
    won = []
    while mapping:
        product_id, mapped_by, pattern = product_of(project, ["old", "older"], mapping)
        assert product_id
        assert product_id.endswith(f":{pattern}")
        won.append((product_id, mapped_by))
        mapping = [row for row in mapping if row["product_id"] != product_id]
    assert won == [
        ("acme:new", "exact"),
        ("acme:old", "former_slug"),
        (":old", "former_slug"),
        (":older", "former_slug"),
        ("acme:n*", "pattern"),
        (":n*w", "pattern"),
        (":ol*", "former_slug"),
    ]


@given(st.lists(st.floats(0, 1e6), min_size=2), st.sampled_from([5, 9]))
def test_percentiles_are_those_of_the_standard_library(values: list[float], tenth: int) -> None:
    assert percentile(values, 0.5) == pytest.approx(median(values))
    cuts = quantiles(values, n=10, method="inclusive")
    assert percentile(values, tenth / 10) == pytest.approx(cuts[tenth - 1])


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_a_glob_matches_what_a_plain_walk_matches(pattern: str, slug: str) -> None:
    def walk(glob: str, text: str) -> bool:
        if not glob:
            return not text
        if glob[0] == "*":
            return walk(glob[1:], text) or (bool(text) and walk(glob, text[1:]))
        return bool(text) and glob[0] in ("?", text[0]) and walk(glob[1:], text[1:])

    assert matches(pattern, slug) == walk(pattern, slug)


@anything
@given(st.integers(1, 10_000), st.sampled_from([7.0, 24.0, 168.0]))
def test_at_risk_begins_at_exactly_four_fifths_of_the_target(seed: int, hours: float) -> None:
    world, _ = answered(seed % 4)
    life = next(life for life in Oracle(world).lives if life.status == "unresolved")
    instant = timedelta(microseconds=1)
    point = life.opened_at + timedelta(microseconds=int(Fraction(hours) * 36 * 80 * 10**6))
    assert life.sla_status(hours, point) == "at_risk"
    assert life.sla_status(hours, point - instant) == "on_track"
    assert life.sla_status(hours, life.opened_at + timedelta(hours=hours)) == "at_risk"
    assert life.sla_status(hours, life.opened_at + timedelta(hours=hours) + instant) == "breached"


def test_every_column_has_different_values_in_the_world_that_the_models_are_built_on() -> None:
    tables = expected(random_world(GROWN).last)
    constant = {
        f"{table}.{column}"
        for table, rows in tables.items()
        for column in rows[0]
        if len({str(row[column]) for row in rows}) == 1
    }
    assert constant == ONE_VALUE
    states = {(row["measure"], row["state"]) for row in tables["product_health_measures"]}
    assert len(states) == 4 + 4 + 3 + 4 + 4
    assert len({row["health"] for row in tables["product_overview"]}) == 4
    assert len({row["change"] for row in tables["product_movers"]}) == 5
