"""What only a whole build shows: growing by change, keeping history, and stopping when something is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from .warehouse import START, Row, WrittenWarehouse

NEAR = "high or fatal issue has used 80 % of its SLA target"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TREE: list[Row] = [
    {"product_id": "shop", "owner_team": "retail", "priority": "high"},
    {"product_id": "pay", "parent_id": "shop", "owner_team": "payments"},
]
MAPPING: list[Row] = [
    {"project": "pay-*", "product_id": "pay"},
    {"project": "web", "product_id": "shop"},
]
PROJECTS: list[Row] = [
    {"project_id": "1", "project_slug": "pay-api"},
    {"project_id": "2", "project_slug": "web"},
    {"project_id": "3", "project_slug": "orphan"},
]


def issue(issue_id: str, project_id: str = "1", **columns: object) -> Row:
    return {"issue_id": issue_id, "project_id": project_id} | columns


def activity(issue_id: str, number: int, kind: str, occurred_at: datetime) -> Row:
    return {
        "issue_id": issue_id,
        "activity_id": str(number),
        "activity_type": kind,
        "occurred_at": occurred_at,
    }


def flip(issue_id: str, before: str, after: str, observed_at: datetime) -> Row:
    return {
        "issue_id": issue_id,
        "observed_at": observed_at,
        "previous_observed_at": observed_at - 3 * HOUR,
        "from_status": before,
        "to_status": after,
    }


def contents(warehouse: WrittenWarehouse) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every mart but the histories, which remember what a new warehouse cannot know."""
    with warehouse.connect() as db:
        tables = db.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' and table_name not like '%_history'"
        ).fetchall()
        return {
            name: db.execute(f"from marts.{name} order by all").fetchall() for (name,) in tables
        }


def test_growing_by_change_ends_where_a_full_refresh_does(warehouse: WrittenWarehouse) -> None:
    w = warehouse
    w.catalog(TREE, MAPPING, {"high": 72})
    w.load(
        synced_at=START,
        projects=PROJECTS,
        issues=[
            issue("resolves"),
            issue("found-resolved", status="resolved"),
            issue("deleted"),
            issue("merged", "2"),
            issue("survives", "2"),
            issue("reopens", "2", status="resolved"),
            issue(
                "ages",
                first_seen_at=START - 57 * HOUR,
                last_seen_at=START,
                issue_priority="high",
            ),
            issue("of-an-orphan", "3"),
        ],
        issue_activities=[activity("reopens", 1, "set_resolved", START - 2 * HOUR)],
        project_daily_events=[{"project_id": "1", "date_on": START.date(), "event_count": 7}],
    )
    w.run()

    # The row of an issue comes with one load, the activity that explains it with the next.
    second = START + 3 * HOUR
    gone = {"removed_at": second, "observed_at": second}
    w.load(
        synced_at=second,
        projects=[
            {"project_id": "2", "project_slug": "web-next"},
            {"project_id": "3", "project_slug": "orphan", "deleted_at": second},
        ],
        project_slugs=[{"project_id": "2", "project_slug": "web"}],
        issues=[
            issue("resolves", status="resolved", observed_at=second),
            issue("deleted", removed_reason="deleted", **gone),
            issue("merged", "2", removed_reason="merged", merged_into_issue_id="survives", **gone),
            issue("new", first_seen_at=START + HOUR, observed_at=second),
        ],
        issue_status_observations=[
            flip("resolves", "unresolved", "resolved", second),
            flip("deleted", "unresolved", "deleted", second),
            flip("merged", "unresolved", "merged", second),
        ],
    )
    w.catalog(
        [*TREE, {"product_id": "api", "parent_id": "pay", "priority": "low"}], MAPPING, {"high": 60}
    )
    w.run()
    assert w.rows(
        "select source from marts.fct_issue_status_changes where issue_id = 'resolves'"
    ) == [("observed",)]
    # No load touched it: only time, and the new target, moved on.
    assert w.rows("select sla_status from marts.fct_issues where issue_id = 'ages'") == [
        ("at_risk",)
    ]

    w.load(
        synced_at=START + 6 * HOUR,
        issues=[issue("reopens", "2", observed_at=START + 6 * HOUR)],
        issue_activities=[
            activity("resolves", 2, "set_resolved", START + HOUR),
            activity("found-resolved", 3, "set_resolved", START - 5 * HOUR),
            activity("reopens", 4, "set_regression", START + 5 * HOUR),
        ],
        issue_status_observations=[flip("reopens", "resolved", "unresolved", START + 6 * HOUR)],
    )
    w.catalog(TREE, [{"project": "pay-*", "product_id": "shop"}], {"high": 60})
    w.build()
    assert w.rows(
        "select changed_at, source from marts.fct_issue_status_changes where issue_id = 'resolves'"
    ) == [(START + HOUR, "activity")]

    grown = contents(w)
    w.run(full_refresh=True)
    assert grown == contents(w)
    # The catalog made the shop worse with the second sync; no rebuild forgets it.
    assert w.rows(
        "select product_id, health, health_reason, valid_from, valid_to"
        " from marts.product_health_history where product_id <> 'pay' order by 1, 4"
    ) == [
        ("api", "no_data", "no project is mapped to it", second, START + 6 * HOUR),
        ("shop", "healthy", "none of 3 measures has reached a target", START, second),
        ("shop", "at_risk", f"1 {NEAR}", second, None),
    ]


def test_what_arrives_late_with_the_same_load_is_not_missed(warehouse: WrittenWarehouse) -> None:
    w = warehouse
    w.catalog(TREE, MAPPING, {"high": 72})
    w.load(synced_at=START, projects=PROJECTS, issues=[issue("a", status="resolved")])
    w.run("+fct_issues")
    with w.connect() as db:
        db.execute(
            "insert into raw_sentry.issue_activities (issue_id, activity_id, activity_type, occurred_at, _dlt_load_id)"
            " select issue_id, '1', 'set_resolved', first_seen_at, _dlt_load_id from raw_sentry.issues"
        )
    w.run("+fct_issues")

    assert w.rows("select hours_to_resolution from marts.fct_issues") == [(0.0,)]


def test_a_loop_in_the_catalog_leaves_the_products_as_they_were(
    warehouse: WrittenWarehouse,
) -> None:
    w = warehouse
    products_now = "from marts.dim_products order by all"
    w.catalog(TREE, MAPPING, {"high": 72})
    w.run("+dim_products")
    before = w.rows(products_now)
    loop: list[Row] = [
        {"product_id": "a", "parent_id": "b"},
        {"product_id": "b", "parent_id": "a"},
    ]
    w.catalog([*TREE, *loop], MAPPING, {"high": 72})

    stopped = w.dbt("build", "--select", "+dim_products", "--indirect-selection=buildable")

    assert stopped.returncode == 1
    assert "every_product_hangs_from_a_root" in stopped.stdout
    assert w.rows(products_now) == before


def test_versions_are_kept_by_the_clock_of_the_syncs(warehouse: WrittenWarehouse) -> None:
    w = warehouse
    histories = ("+product_history", "+project_assignment_history")
    history = "select product_id, product_priority, valid_from, valid_to from marts.product_history order by all"
    w.catalog(TREE, MAPPING, {"high": 72})
    w.load(synced_at=START, projects=PROJECTS, issues=[issue("a")])
    w.run(*histories)
    assert w.rows(history) == [("pay", "high", START, None), ("shop", "high", START, None)]
    # As an earlier version of the program left it: a column that it did not know makes no version.
    with w.connect() as db:
        db.execute("alter table marts.product_history drop column sla_target_hours_low")

    # Two edits between two syncs: the first was never published at another time than the second.
    second = START + DAY
    w.load(synced_at=second)
    for priority in ("low", "critical"):
        w.catalog([TREE[0], TREE[1] | {"priority": priority}], MAPPING, {"high": 72})
        w.run(*histories)
    w.load(synced_at=START + 2 * DAY)
    w.catalog(TREE[:1], [{"project": "pay-*", "product_id": "shop"}], {"high": 72})
    w.run(*histories, full_refresh=True)

    assert w.rows(history) == [
        ("pay", "critical", second, START + 2 * DAY),
        ("pay", "high", START, second),
        ("shop", "high", START, None),
    ]
    assert w.rows(
        "select product_id, valid_from, valid_to from marts.project_assignment_history"
        " where project_id = '1' order by 2"
    ) == [("pay", START, START + 2 * DAY), ("shop", START + 2 * DAY, None)]


def test_a_closed_month_is_not_measured_by_a_later_target(warehouse: WrittenWarehouse) -> None:
    w = warehouse
    compliance = (
        "select product_priority, month_on::varchar, met_ratio from marts.sla_compliance order by 2"
    )
    resolved = [issue(str(n), status="resolved", first_seen_at=START - 40 * DAY) for n in (10, 11)]
    w.catalog(TREE, MAPPING, {})
    w.load(
        synced_at=START,
        projects=PROJECTS,
        issues=resolved,
        issue_activities=[
            activity("10", 1, "set_resolved", START - 39 * DAY),
            activity("11", 2, "set_resolved", START - HOUR),
        ],
    )
    w.run("+sla_compliance")
    assert w.rows(compliance) == []

    # The first target that a product is given holds for the months before it, too.
    w.load(synced_at=START + DAY)
    w.catalog(TREE, MAPPING, {"high": 24})
    w.run("+sla_compliance")
    assert w.rows(compliance) == [("high", "2026-09-01", 1.0), ("high", "2026-11-01", 0.0)]

    w.load(synced_at=START + 2 * DAY)
    w.catalog([TREE[0] | {"priority": "low"}, TREE[1]], MAPPING, {"high": 24, "low": 2000})
    w.run("+sla_compliance")
    assert w.rows(compliance) == [("high", "2026-09-01", 1.0), ("low", "2026-11-01", 1.0)]

    # November is over with the target of its end.
    w.load(synced_at=START + 30 * DAY)
    w.catalog([TREE[0] | {"priority": "low"}, TREE[1]], MAPPING, {"high": 1, "low": 1})
    w.run("+sla_compliance")
    assert w.rows(compliance) == [("high", "2026-09-01", 1.0), ("low", "2026-11-01", 1.0)]


def test_before_the_first_sync_every_report_is_there_and_unit_tests_pass(
    warehouse: WrittenWarehouse,
) -> None:
    warehouse.catalog(TREE, MAPPING, {"high": 72})
    warehouse.succeed("build")

    assert warehouse.rows("select product_id, health from marts.product_overview order by 1") == [
        ("pay", "no_data"),
        ("shop", "no_data"),
    ]
    assert warehouse.rows("select count(*) from marts.product_history") == [(0,)]


def test_a_sync_is_the_sum_of_its_organizations(warehouse: WrittenWarehouse) -> None:
    w = warehouse
    counted = {"pages": 4, "retries": 1, "issues_new": 3, "issues_changed": 2, "issues_vanished": 1}
    w.load(
        organization_syncs=[
            {"run_id": "mixed", "organization_slug": slug, "mode": mode, **rest, **counted}
            for slug, mode, rest in (
                ("acme", "full", {"requests": 9, "seconds_rate_limited": 1.5}),
                ("globex", "incremental", {"requests": 1, "seconds_rate_limited": 0.0}),
                ("zeta", "full", {"status": "failed", "failure": "HTTP 500"}),
                ("initech", "full", {"status": "failed", "failure": "HTTP 403"}),
            )
        ]
        + [
            {"run_id": "full", "organization_slug": "acme", "mode": "full"},
            {
                "run_id": "full",
                "organization_slug": "zeta",
                "mode": "incremental",
                "status": "failed",
            },
        ]
    )
    with w.connect() as db:
        db.execute("""
            insert into ops.sync_runs by name
            from (
                values ('mixed', 'partial', null, 2, 1.0), ('full', 'complete', null, 2, 0.0),
                ('refused', 'failed', 'the token is not valid', 1, 0.0), ('begun', 'running', null, null, null)
            ) as runs(run_id, status, failure, directory_requests, directory_seconds_rate_limited)
        """)
    w.run("+sync_runs")

    def columns(names: str) -> list[tuple[object, ...]]:
        return w.rows(f"select {names} from marts.sync_runs order by run_id")

    assert columns("run_id, mode, organizations, failed_organizations, failures") == [
        ("begun", None, None, None, None),
        ("full", "full", 2, 1, None),
        ("mixed", "incremental", 4, 2, "initech: HTTP 403; zeta: HTTP 500"),
        ("refused", None, None, None, "the token is not valid"),
    ]
    assert columns("requests, seconds_rate_limited, pages, issues_new, issues_upserted") == [
        (None, None, None, None, None),
        (2, 0.0, 0, 0, 0),
        (12, 2.5, 16, 12, 20),
        (1, 0.0, None, None, None),
    ]


def test_figures_that_do_not_add_up_are_noticed(warehouse: WrittenWarehouse) -> None:
    w = warehouse
    w.catalog(TREE, MAPPING, {"high": 72})
    w.load(
        synced_at=START,
        projects=PROJECTS,
        issues=[issue("a", first_release="pay@1"), issue("b", "2"), issue("c", "3")],
        project_daily_events=[{"project_id": "1", "date_on": START.date(), "event_count": 1}],
    )
    w.run()
    with w.connect() as db:
        db.execute("update intermediate.int_product_numbers set own_events_30d = 5")
        db.execute("update marts.team_accountability set events_7d = 5")
        db.execute(
            "update marts.product_overview set own_total_issues = 5 where product_id = 'pay'"
        )
        db.execute("update marts.product_daily set unresolved_issues = 9 where product_id = 'shop'")
        db.execute(
            "update intermediate.int_project_product_daily set unresolved_issues = -1 where project_id = '3'"
        )
        db.execute(
            "update marts.fct_project_daily set event_count = event_count + 1 where project_id = '1'"
        )
        db.execute(
            "update marts.executive_summary set unresolved_issues = 9 where product_id = '(all)'"
        )
        db.execute("update marts.product_overview set sessions_7d = 5 where product_id = 'shop'")
        db.execute("update marts.product_releases set new_issues = 5")
        db.execute("insert into marts.product_closure values ('shop', 'pay', 1, true)")
        db.execute(
            "insert into marts.product_history select * replace (valid_from + interval 1 day as valid_from)"
            " from marts.product_history"
        )

    noticed = w.dbt("test", "--select", "test_type:singular")

    failed = {
        line.split("Failure in test ")[1].split()[0]
        for line in noticed.stdout.splitlines()
        if "Failure in" in line
    }
    assert failed == {
        "every_accepted_event_counts_once",
        "every_live_issue_counts_once",
        "every_product_is_the_sum_of_its_tree",
        "every_project_counts_in_its_product",
        "every_release_adds_up",
        "every_stability_is_that_of_its_days",
        "every_team_adds_up",
        "every_day_adds_up",
        "every_window_is_the_sum_of_its_days",
        "everything_is_the_sum_of_its_parts",
        "no_day_has_less_than_nothing",
        "no_project_counts_twice_in_a_product",
        "one_version_at_a_time",
        "the_last_day_ends_with_what_is_open",
    }
