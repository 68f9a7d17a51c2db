"""A file of an earlier version, as after a rollback: each page shows what it holds, and fails for nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import requests

from pipelines.pages import serving
from pipelines.pages.app import LISTS, create_app
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, served, settings_of
from tests.pipeline.pages.hostile import ADDRESSES

# What version 1 of the contract had not.
LATER_TABLES = [
    "dim_releases",
    "fct_tickets",
    "issue_rules",
    "product_health_history",
    "product_health_measures",
    "product_monthly",
    "product_movers",
    "product_releases",
]
LATER_COLUMNS = {
    "dim_products": "sla_target_hours_high sla_target_hours_medium sla_target_hours_low",
    "executive_summary": "project_count unresolved_share covered_share events_known_from sessions_30d "
    "crash_free_sessions_30d crash_free_sessions_previous_30d",
    "fct_issues": "routed_by logger filename function_name error_type owners events_7d events_previous_7d change_7d "
    "is_in_production introduced_in_release regressed_in_release",
    "product_daily": "production_event_count own_production_event_count sessions own_sessions crashed_sessions "
    "own_crashed_sessions crash_free_sessions late_issues own_late_issues",
    "product_overview": "sla_target_hours_high sla_target_hours_medium sla_target_hours_low events_growth_7d "
    "events_known_from new_issues_previous_7d resolved_issues_previous_7d production_unresolved_issues "
    "production_events_7d production_events_known_from sessions_7d crash_free_sessions_7d "
    "crash_free_sessions_previous_7d unique_users_7d unique_users_30d",
    "publication": "catalog_fingerprint",
    "triage_queue": "production_points sla_time_used is_in_production introduced_in_release regressed_in_release",
}
LATER_COLUMNS["product_issues"] = LATER_COLUMNS["fct_issues"]


@pytest.fixture(scope="module")
def older(first: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = tmp_path_factory.mktemp("older") / "product_health.duckdb"
    shutil.copy(first.published, path)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as db:
        # Their views read columns that go; what is a table here is one to every reader.
        for (view,) in db.execute(
            "select view_name from duckdb_views() where schema_name = 'marts'"
        ).fetchall():
            db.execute(f"create table kept as from marts.{view}; drop view marts.{view}")
            db.execute(f"create table marts.{view} as from kept; drop table kept")
        for table in LATER_TABLES:
            db.execute(f"drop table marts.{table}")
        for table, columns in LATER_COLUMNS.items():
            for column in columns.split():
                db.execute(f"alter table marts.{table} drop column {column}")
    with served(path) as browser:
        yield browser


def test_every_page_and_list_is_there(older: Browser, pages: Browser) -> None:
    lists = [path.format(product_id="checkout-flow") for path in LISTS]
    files = [f"{path}.{form}" for path in lists for form in ("csv", "json")]
    for address in [*ADDRESSES, *files, "/issues/?window=resolved7&production=yes"]:
        now, then = (requests.get(browser.url + address, timeout=30) for browser in (pages, older))
        assert then.status_code == now.status_code, (address, then.text)
    assert "Payment System" in older.get("/products/").text
    assert "does not say which catalog it was made with" in older.get("/catalog/").text


def test_what_it_lacks_is_unknown_and_no_null_is_counted(older: Browser) -> None:
    (row, *_) = older.get("/issues.json?status=unresolved").json()
    assert row["title"]
    assert (row["is_in_production"], row["events_7d"]) == (None, None)
    assert older.get("/products.json").json()[0]["events_growth_7d"] is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "4 days</span> old</strong>; nothing newer has been published"),
        ("runs", "by the clock of the sample Sentry"),
    ],
)
def test_how_old_it_is_is_counted_by_a_clock_that_goes(
    first: Deployment, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "product_health.duckdb").symlink_to(first.published)
    if name:
        (tmp_path / name).touch()
    settings = settings_of(tmp_path / "product_health.duckdb")
    with serving.served(create_app(settings, now=lambda: datetime(2026, 11, 6, 9))) as url:
        page = Browser(url).get("/products/").text
    assert words in page
    assert ("old</strong>" in page) == (not name)
