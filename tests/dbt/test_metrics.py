"""The semantic layer gives the numbers that the tables give."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from .warehouse import DBT_PROJECT, START, Row, WrittenWarehouse

DAY = timedelta(days=1)


def metricflow(project: Path, warehouse: WrittenWarehouse, *arguments: str) -> str:
    """Run a command of MetricFlow, which looks for dbt's manifest in the project, and insist that all is well."""
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("mf")), *arguments],
        cwd=project,
        env=os.environ
        | {
            "WAREHOUSE_PATH": str(warehouse.folder / "warehouse.duckdb"),
            "DBT_PROFILES_DIR": str(project),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def query(
    project: Path, warehouse: WrittenWarehouse, metrics: str, by: str
) -> dict[str, list[float | None]]:
    """The metrics by the values of a dimension, in the order in which they are named."""
    answer = project / "answer.csv"
    chosen = ("--metrics", metrics, "--group-by", by)
    metricflow(project, warehouse, "query", *chosen, "--csv", str(answer))
    with answer.open(newline="") as file:
        return {row[0]: _numbers(row[1:]) for row in list(csv.reader(file))[1:]}


def _numbers(values: list[str | int | None]) -> list[float | None]:
    """A blank is null."""
    return [None if each in ("", None) else float(each or 0) for each in values]


def test_metrics_by_team_and_month_are_what_the_tables_add_up_to(
    warehouse: WrittenWarehouse,
) -> None:
    projects: list[Row] = [{"project_id": str(n), "project_slug": f"pay-{n}"} for n in range(3)]
    projects.append({"project_id": "9", "project_slug": "nobodys"})
    sessions: list[Row] = [
        {
            "project_id": p["project_id"],
            "date_on": (START - n * DAY).date(),
            "sessions": 100 * (n + 1),
            "crashed_sessions": int(p["project_id"]) * n,
        }
        for p in projects[1:]
        for n in range(40)
    ]
    issues: list[Row] = [
        {
            "issue_id": str(n),
            "project_id": projects[n % 4]["project_id"],
            "status": "resolved" if n % 3 == 0 else "unresolved",
            "removed_reason": "deleted" if n % 7 == 6 else None,
            "removed_at": START if n % 7 == 6 else None,
            "first_seen_at": START - n * 3 * DAY,
        }
        for n in range(24)
    ]
    events: list[Row] = [
        {"project_id": p["project_id"], "date_on": (START - n * DAY).date(), "event_count": n + 1}
        for p in projects
        for n in range(40)
    ]
    resolves: list[Row] = [
        {
            "issue_id": i["issue_id"],
            "activity_id": "1",
            "activity_type": "set_resolved",
            "occurred_at": i["first_seen_at"] + timedelta(hours=int(i["issue_id"]) + 1),
        }
        for i in issues
        if i["status"] == "resolved"
    ]
    warehouse.load(
        synced_at=START + timedelta(hours=30),
        projects=projects,
        issues=issues,
        issue_activities=resolves,
        project_daily_events=events,
        project_daily_production_events=[each | {"event_count": 1} for each in events[::2]],
        project_daily_sessions=sessions,
    )
    warehouse.catalog(
        [
            {"product_id": f"p{n}", "owner_team": f"team-{n % 2}", "priority": "high"}
            for n in range(3)
        ],
        [{"project": f"pay-{n}", "product_id": f"p{n}"} for n in range(3)],
        {"high": 72},
    )
    warehouse.run()
    project = warehouse.folder / "project"
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    (project / "target").symlink_to(warehouse.folder / "target")
    metricflow(project, warehouse, "validate-configs", "--skip-dw")

    by_team = query(
        project,
        warehouse,
        "events,production_events,sessions,new_issues,resolved_issues,"
        "crash_free_sessions,unresolved_issues,late_issues",
        "project__product__owner_team",
    )
    assert by_team == {
        team or "": _numbers(figures)
        for team, *figures in warehouse.rows("""
            select owner_team, sum(event_count), sum(production_event_count), sum(sessions),
                sum(new_issues), sum(resolved_issues), (sum(sessions) - sum(crashed_sessions)) / sum(sessions),
                sum(unresolved_issues) filter (date_on = (select max(date_on) from marts.fct_project_daily)),
                sum(late_issues) filter (date_on = (select max(date_on) from marts.fct_project_daily))
            from marts.fct_project_daily
            inner join marts.dim_projects using (project_id)
            left join marts.dim_products using (product_id)
            group by owner_team
        """)
    }
    assert len(by_team) == 3

    by_month = query(project, warehouse, "unresolved_issues,events", "metric_time__month")
    ends = warehouse.rows("""
        select date_trunc('month', date_on), sum(unresolved_issues) filter (date_on = last_on), sum(event_count)
        from marts.fct_project_daily
        inner join (
            select date_trunc('month', date_on) as month_on, max(date_on) as last_on
            from marts.fct_project_daily group by 1
        ) on month_on = date_trunc('month', date_on)
        group by 1
    """)
    assert {month[:7]: figures for month, figures in by_month.items()} == {
        f"{month:%Y-%m}": _numbers(figures) for month, *figures in ends
    }

    by_product = query(
        project, warehouse, "live_issues,median_hours_to_resolution", "project__product"
    )
    assert by_product == {
        product or "": [live, hours]
        for product, live, hours in warehouse.rows("""
            select product_id, count(*) filter (status not in ('deleted', 'merged')), median(hours_to_resolution)
            from marts.fct_issues group by product_id
        """)
    }
