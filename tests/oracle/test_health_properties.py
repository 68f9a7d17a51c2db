"""What must hold of health and of what moved in any world."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given

from .oracle_facts import Oracle
from .test_oracle_properties import answered, anything, by, seeds

WORST_FIRST = ("critical", "at_risk", "healthy", "no_data")


@anything
@given(seeds)
def test_health_is_the_worst_state_of_a_measure_and_names_every_cause(seed: int) -> None:
    _, tables = answered(seed)
    measures = defaultdict(list)
    for row in tables["product_health_measures"]:
        measures[row["product_id"]].append(row)
    for row in tables["product_overview"]:
        states = {each["state"] for each in measures[row["product_id"]]}
        assert row["health"] == min(states, key=WORST_FIRST.index)
        if row["health"] in ("critical", "at_risk"):
            causes = [e for e in measures[row["product_id"]] if e["state"] == row["health"]]
            assert all(cause["reason"] in row["health_reason"] for cause in causes)


@anything
@given(seeds)
def test_what_is_new_or_resolved_moved_and_shares_are_of_one_whole(seed: int) -> None:
    world, tables = answered(seed)
    oracle, first_seen = Oracle(world), by(tables["fct_issues"], "issue_id")
    movers = defaultdict(list)
    for row in tables["product_movers"]:
        movers[row["product_id"]].append(row)
    for product in tables["product_overview"]:
        rows = movers[product["product_id"]]
        assert sorted(row["mover_rank"] for row in rows) == list(range(1, len(rows) + 1))
        assert sum(abs(row["share_of_change"] or 0) for row in rows) <= 1 + 1e-9
        assert product["new_issues_7d"] == sum(
            oracle.in_window(first_seen[row["issue_id"]]["first_seen_at"], 7) for row in rows
        )
