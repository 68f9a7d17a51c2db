"""Histories come back into a new warehouse only, only once, and only those of the same Sentry."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.publish import Publication, PublishError, recover
from pipelines.publish.recovery import Listed
from pipelines.warehouse import version
from tests.publish.data import Data

TWO_ORGANIZATIONS = """
update marts.dim_projects
set created_at = timestamp '2020-01-01' + to_days(project_id::integer),
    organization_slug = if(project_id::integer % 2 = 0, 'acme', 'beta');
update marts.fct_issues set organization_slug = dim_projects.organization_slug
from marts.dim_projects where fct_issues.project_id = dim_projects.project_id;
update marts.fct_project_daily set sessions = 10, crashed_sessions = 1, production_event_count = 2;
delete from marts.project_assignment_history;
insert into marts.project_assignment_history by name
select organization_slug, project_id, created_at as valid_from from marts.dim_projects;
insert into marts.product_history by name
select product_id, timestamp '2020-01-01' as valid_from from marts.dim_products
"""
HISTORIES = ["product_history", "project_assignment_history", "never_published"]


@pytest.fixture
def data(data: Data) -> Data:
    """Two publications, of a warehouse that is lost."""
    data.change(TWO_ORGANIZATIONS)
    data.publish()
    data.publish(hours=1)
    data.warehouse.unlink()
    version.upgrade(data.warehouse)
    return data


def listed(data: Data, *organizations: str) -> Listed:
    rows = data.query(
        f"select project_id, created_at from marts.dim_projects where organization_slug in {organizations}"
    )
    return organizations, {(str(project_id), created_at) for project_id, created_at in rows}


def recovered(data: Data, found: Listed) -> Publication | None:
    return recover(data.warehouse, data.target, HISTORIES, lambda: found)


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as db:
        return db.execute(f"from {table} order by all").fetchall()


def test_once_and_into_a_new_warehouse_only(data: Data) -> None:
    found = listed(data, "acme", "beta")

    publication = recovered(data, found)

    assert publication is not None
    assert publication.path == data.target
    for table in HISTORIES[:2]:
        name = f"marts.{table}"
        assert rows(data.warehouse, name) == rows(data.target, name) != []
    assert rows(data.warehouse, "ops.earlier_sync_runs") == rows(data.target, "marts.sync_runs")
    assert len(rows(data.warehouse, "raw_sentry.issues")) == len(
        data.query("from marts.fct_issues")
    )
    assert {row[-1] for row in rows(data.warehouse, "raw_sentry.releases")} == {"0"}
    for table in ("project_daily_sessions", "project_daily_production_events"):
        assert len(rows(data.warehouse, f"raw_sentry.{table}")) == len(
            data.query("from marts.fct_project_daily")
        )
    before = data.warehouse.read_bytes()
    assert recovered(data, found) is None
    assert data.warehouse.read_bytes() == before


def test_what_rules_look_at_comes_back(data: Data) -> None:
    data.build("run-2")
    data.change(TWO_ORGANIZATIONS)
    for column, kind in (("owners", "varchar[]"), ("error_type", "varchar"), ("logger", "varchar")):
        data.change(f"alter table marts.fct_issues add column if not exists {column} {kind}")
    data.change("""
        update marts.fct_issues set owners = ['#shop', 'user:7'], error_type = 'KeyError', logger = 'mail'
        where issue_id = '7'
    """)
    data.publish(hours=2)
    data.warehouse.unlink()
    version.upgrade(data.warehouse)

    assert recovered(data, listed(data, "acme", "beta"))

    with duckdb.connect(str(data.warehouse), read_only=True) as db:
        found = db.execute(
            "select owners, metadata->>'type', metadata->>'filename', logger from raw_sentry.issues "
            "where issue_id = '7'"
        ).fetchall()
        empty = "from raw_sentry.issues where issue_id <> '7' and coalesce(owners, metadata) is not null"
        assert db.execute(empty).fetchall() == []
    assert found == [('["#shop","user:7"]', "KeyError", None, "mail")]


def test_the_releases_of_an_issue_come_back(data: Data) -> None:
    """That in which it came back is one of the activity that says so."""
    data.build("run-2")
    data.change(TWO_ORGANIZATIONS)
    data.change("""
        create temp table two as
        select issue_id, row_number() over (order by issue_id) as n
        from marts.fct_issues where organization_slug = 'acme' order by issue_id limit 2;
        update marts.fct_issues set
            introduced_in_release = if(n = 1, 'api@1', null),
            regressed_in_release = if(n = 1, 'api@2', null),
            opened_at = timestamp '2026-11-20 10:00'
        from two where fct_issues.issue_id = two.issue_id;
        delete from marts.fct_issue_status_changes;
        insert into marts.fct_issue_status_changes by name
        select
            'acme' as organization_slug, issue_id, 'activity' as source,
            unnest(['unresolved', 'resolved', 'unresolved']) as to_status,
            timestamp '2026-11-20 10:00' - to_hours(unnest([0, 1, 2])) as changed_at
        from two
    """)
    data.publish(hours=2)
    data.warehouse.unlink()
    version.upgrade(data.warehouse)

    assert recovered(data, listed(data, "acme", "beta"))

    with duckdb.connect(str(data.warehouse), read_only=True) as db:
        known = db.execute(
            "select first_release, first_release_read_at is not null from raw_sentry.issues "
            "semi join raw_sentry.issue_activities using (issue_id) order by issue_id"
        ).fetchall()
        activities = db.execute(
            "select activity_type, data->>'version' from raw_sentry.issue_activities "
            "order by issue_id, occurred_at desc"
        ).fetchall()
    assert known == [("api@1", True), (None, False)]
    assert activities == [
        ("set_regression", "api@2"),
        ("set_resolved", None),
        ("set_unresolved", None),
        ("set_unresolved", None),
        ("set_resolved", None),
        ("set_unresolved", None),
    ]


def test_from_a_publication_that_knew_less(data: Data) -> None:
    found = listed(data, "acme", "beta")
    data.target.chmod(0o600)
    with duckdb.connect(str(data.target)) as db:
        db.execute("drop table marts.dim_releases")
        for column in ("sessions", "crashed_sessions", "production_event_count"):
            db.execute(f"alter table marts.fct_project_daily drop column {column}")
        for column in ("introduced_in_release", "regressed_in_release"):
            db.execute(f"alter table marts.fct_issues drop column {column}")

    assert recovered(data, found)

    assert len(rows(data.warehouse, "raw_sentry.project_daily_events")) > 0
    assert len(rows(data.warehouse, "raw_sentry.project_daily_sessions")) == 0


def test_not_from_another_installation(data: Data) -> None:
    """Its projects may have the same ids, which are small numbers everywhere."""
    slugs, projects = listed(data, "acme", "beta")
    others = {(project_id, at - timedelta(days=1)) for project_id, at in projects}

    assert recovered(data, (slugs, others)) is None

    assert (
        len(rows(data.warehouse, "raw_sentry.projects"))
        == len(rows(data.warehouse, "ops.earlier_sync_runs"))
        == 0
    )


@pytest.mark.parametrize(
    ("slugs", "expected"),
    [(["beta"], ["beta"]), (["renamed"], ["beta"]), (["beta", "acme"], ["acme", "beta"])],
    ids=["one is no longer listed", "it has another slug", "one cannot be read just now"],
)
def test_organizations_are_those_that_are_listed(
    data: Data, slugs: list[str], expected: list[str]
) -> None:
    assert recovered(data, (slugs, listed(data, "beta")[1]))

    for table in ("raw_sentry.projects", "raw_sentry.issues", "marts.project_assignment_history"):
        with duckdb.connect(str(data.warehouse), read_only=True) as db:
            stored = db.execute(f"select distinct organization_slug from {table}").fetchall()
        assert sorted(slug for (slug,) in stored) == expected


def test_a_damaged_publication_gives_way_to_one_that_is_kept(data: Data) -> None:
    found = listed(data, "acme", "beta")
    data.target.chmod(0o600)
    data.target.write_bytes(b"x" * 9000)

    publication = recovered(data, found)

    assert publication is not None
    assert publication.path.name == "product_health.20261123T090500Z.duckdb"


def test_where_none_can_be_read_nothing_is_lost_in_silence(data: Data) -> None:
    found = listed(data, "acme", "beta")
    for file in data.folder.glob("product_health*.duckdb"):
        file.chmod(0o600)
        file.write_bytes(b"x" * 9000)

    with pytest.raises(
        PublishError, match=r"make restore.*move product_health.duckdb and the kept"
    ):
        recovered(data, found)

    assert len(rows(data.warehouse, "raw_sentry.projects")) == 0
