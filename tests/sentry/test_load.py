"""From HTTP by dlt into DuckDB: the tables, the run that changes nothing, and the run that was cut off."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pytest

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.sentry.http.session import SentrySession
from pipelines.sentry.rows.redact import Redaction
from pipelines.sentry.schema import DATASET, RAW_TABLES
from pipelines.sentry.source import pipeline, sentry
from pipelines.sentry.sync import Sync
from pipelines.warehouse.load import load
from tests.sentry.syncing import OURS, SyncedWarehouse


def life(world: SentryWorld) -> None:
    world.advance(hours=3)
    first, second, third, *_ = [i for i in world.issues.values() if i.status == "unresolved"]
    world.resolve(first)
    world.add_events(second, 3)
    world.delete_issue(third)


def test_the_source_runs_alone_in_three_lines(fake_sentry: FakeSentry, tmp_path: Path) -> None:
    sync = Sync(SentrySession(TOKEN), fake_sentry.url, run_id="1", organizations=["acme"])
    for files in sync.loads():
        pipeline(tmp_path / "raw.duckdb", tmp_path / "dlt").run(sentry(files))

    with duckdb.connect(str(tmp_path / "raw.duckdb")) as db:
        assert db.execute(f"select count(*) from {DATASET}.issues").fetchone() == (16,)


def test_every_table_is_there_after_the_first_load_with_the_columns_of_the_contract(
    warehouse: SyncedWarehouse,
) -> None:
    warehouse.sync()
    for raw in RAW_TABLES:
        columns = dict(
            warehouse.rows(
                "select column_name, data_type from information_schema.columns "
                f"where table_schema = '{DATASET}' and table_name = '{raw.name}'"
            )
        )
        assert list(columns)[: len(raw.schema.names)] == raw.schema.names
        assert "_dlt_load_id" in columns
        assert not any("TIME ZONE" in kind for kind in columns.values())


def test_dlt_and_the_quick_merge_of_these_tests_make_the_same_warehouse(
    fake_sentry: FakeSentry, world: SentryWorld, tmp_path: Path
) -> None:
    quick = SyncedWarehouse(tmp_path / "quick", fake_sentry, ["acme", "beta"])
    real = SyncedWarehouse(tmp_path / "real", fake_sentry, ["acme", "beta"])
    quick.folder.mkdir()
    for _ in range(3):
        quick.quick_sync(full=False)
        real.sync(full=False)
        everything = ("_dlt_load_id",)
        assert quick.content(but=everything) == real.content(but=everything)
        life(world)


def test_a_sync_without_changes_writes_the_log_and_nothing_else(
    warehouse: SyncedWarehouse, fake_sentry: FakeSentry
) -> None:
    warehouse.sync()
    rows = warehouse.content()
    report = warehouse.sync(full=False)

    assert (report.issues_new, report.issues_changed, report.issues_vanished) == (0, 0, 0)
    assert warehouse.content() == rows
    first = "select max(_dlt_load_id) from raw.organization_syncs where run_id = 'run-1'"
    for raw in RAW_TABLES:
        if raw.name != "organization_syncs":
            newer = f"select count(*) from raw.{raw.name} where _dlt_load_id > ({first})"
            assert warehouse.value(newer) == 0, raw.name


def test_each_change_is_counted_and_observed_once(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    warehouse.sync()
    life(world)
    report = warehouse.sync(full=False)
    assert (report.issues_new, report.issues_changed, report.issues_vanished) == (0, 2, 1)
    assert report.mode == "incremental"
    observed = warehouse.rows(
        "select from_status, to_status from raw.issue_status_observations order by 2"
    )
    assert observed == [("unresolved", "deleted"), ("unresolved", "resolved")]
    assert warehouse.sync(full=True).issues_vanished == 0
    assert warehouse.value("select count(*) from raw.issue_status_observations") == 2


def test_what_a_cut_off_run_left_in_the_working_folder_does_not_replace_the_next_run(
    warehouse: SyncedWarehouse, world: SentryWorld
) -> None:
    cut_off = pipeline(warehouse.folder / "dlt" / "scratch.duckdb", warehouse.folder / "dlt")
    loads = warehouse.new_sync().loads()
    cut_off.extract(sentry(next(loads)))
    cut_off.normalize()  # and then the power fails
    life(world)

    report = warehouse.sync()

    assert report.issues_new == 31
    assert warehouse.value("select count(distinct run_id) from raw.organization_syncs") == 1


def test_each_organization_is_there_once_it_is_complete(warehouse: SyncedWarehouse) -> None:
    loads = warehouse.new_sync().loads()
    load(warehouse.path, warehouse.folder / "dlt", next(loads))  # and then the process is killed

    assert warehouse.rows("select distinct organization_slug from raw.issues") == [("acme",)]
    assert warehouse.rows("select organization_slug from raw.organization_syncs") == [("acme",)]
    warehouse.numbers = itertools.count(9)
    report = warehouse.sync()
    assert (report.issues_new, report.failures) == (16, {})


@pytest.mark.parametrize("mode", ["drop", "hash"])
def test_people_are_not_in_the_warehouse_unless_wanted(
    fake_sentry: FakeSentry, world: SentryWorld, tmp_path: Path, mode: str
) -> None:
    member = world.organizations["acme"].members[0]
    issue = next(iter(world.issues.values()))
    world.unresolve(issue)
    world.assign(issue, member, by=member)
    world.resolve(issue, by=member)
    warehouse = SyncedWarehouse(
        tmp_path, fake_sentry, ["acme"], {"redaction": Redaction(mode, "pepper")}
    )  # type: ignore[arg-type]
    warehouse.sync()

    text = repr(warehouse.content(but=OURS))
    assert member.name not in text
    assert member.email not in text
    assert "pepper" not in text
    assert "set_resolved" in text
