"""How health is spread over random worlds of 1,000 products and 100,000 issues, with the built-in targets.

    python benchmarks/health_distribution.py

Ages are as in real life: most issues are old and quiet. A state that is red for everyone says nothing, so that no
more than 30 % may be critical. Beside it is the share that would be critical if one late issue of priority high that
still happens were enough, and the share that has any such issue late, however quiet it is. SLA targets are those of
seeds/sla_targets.csv. Worlds differ by chance, and by how soon an open issue falls silent.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb

from tests.dbt.warehouse import WrittenWarehouse

HERE = Path(__file__).parent
AS_OF = datetime(2026, 11, 23, 9)
WORLDS = [(seed, quiet_after) for quiet_after in (15, 30, 60) for seed in (1, 2, 3)]
MOST_CRITICAL = 0.3

SHARES = """
select
    count(*) filter (health = state) / count(*)
from (values ('critical', 1), ('at_risk', 2), ('healthy', 3), ('no_data', 4)) as states(state, place)
cross join marts.product_overview
group by state, place
order by place
"""
IF_ONE_WERE_ENOUGH = """
select count(distinct product_id) filter (
    state = 'critical' and measure = 'events_growth'
    or measure = 'late_high_issues' and value >= 1
) / count(distinct product_id)
from marts.product_health_measures
"""
ANY_LATE = """
select count(distinct issues.product_id) / (select count(*) from marts.product_overview)
from marts.product_issues as issues
where
    issues.status = 'unresolved'
    and issues.sla_status = 'breached'
    and (issues.level = 'fatal' or issues.issue_priority = 'high')
"""
MEASURES = """
select measure, count(*) filter (state = 'critical'), count(*) filter (state = 'at_risk')
from marts.product_health_measures
group by measure
order by measure
"""


def main() -> None:
    """Print a row per world; fail if more than 30 % of any are critical."""
    print("seed  silent after  critical  at_risk  healthy  no_data  if one were enough  any late")
    failed = False
    for seed, quiet_after in WORLDS:
        with tempfile.TemporaryDirectory() as name:
            warehouse = WrittenWarehouse(Path(name))
            with warehouse.connect() as db:
                _fill(db, seed, quiet_after)
            warehouse.run("+product_overview", "+product_issues", "+product_health_measures")
            critical, at_risk, healthy, no_data = (share for (share,) in warehouse.rows(SHARES))
            ((stricter,),), ((late,),) = map(warehouse.rows, (IF_ONE_WERE_ENOUGH, ANY_LATE))
            shares = (critical, at_risk, healthy, no_data, stricter, late)
            shown = "  ".join(f"{share:7.1%}" for share in shares)
            print(f"{seed:4}  {quiet_after:7} days  {shown}", flush=True)
            for measure, *counts in warehouse.rows(MEASURES):
                print(f"        {measure}: {counts[0]} critical, {counts[1]} at risk")
            failed |= critical > MOST_CRITICAL
    sys.exit(failed)


def _fill(db: duckdb.DuckDBPyConnection, seed: int, quiet_after: int) -> None:
    db.execute(f"set variable seed = {seed}; set variable quiet_after = {quiet_after}")
    db.execute("delete from seeds.sla_targets")
    values = {"as_of": AS_OF, "targets": str(HERE.parent / "seeds" / "sla_targets.csv")}
    for statement in duckdb.extract_statements((HERE / "many_ages.sql").read_text("utf-8")):
        db.execute(statement, {name: values[name] for name in statement.named_parameters})


if __name__ == "__main__":
    main()
