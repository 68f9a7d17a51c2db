"""What is in the published file, and what keeps a file from being published."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.publish import PublishError
from pipelines.publish.contract import PUBLICATION_COLUMNS, contract
from pipelines.warehouse import run_log
from tests.publish.data import Data, published_at
from tests.publish.sample_marts import AS_OF


def test_every_table_of_the_contract_is_there_and_holds_what_the_warehouse_holds(
    data: Data,
) -> None:
    data.publish()

    names = {name for (name,) in data.query("select table_name from information_schema.tables")}
    assert names == {table for table, _ in contract()}
    with duckdb.connect(str(data.warehouse), read_only=True) as warehouse:
        for name in names - {"publication", "sync_runs"}:
            original = warehouse.execute(f"from marts.{name} order by all").fetchall()
            assert data.query(f"from marts.{name} order by all") == original


def test_nothing_but_the_marts_is_published(data: Data) -> None:
    data.publish()

    assert data.query("select distinct table_schema from information_schema.tables") == [("marts",)]


def test_the_publication_says_when_by_whom_and_of_which_moment(data: Data) -> None:
    data.change(
        "create schema seeds; create table seeds.loaded_files as select 'cafe' as fingerprint"
    )

    publication = data.publish()

    assert data.query("from marts.publication") == [(published_at(), AS_OF, "run-1", "2", "cafe")]
    assert publication.path == data.target
    assert publication.size_bytes == data.target.stat().st_size


def test_the_run_log_ends_with_the_run_that_published(data: Data) -> None:
    data.build("run-2", as_of=published_at(3))
    data.publish("run-2", hours=4)

    runs = data.query("select run_id, status, finished_at, issues_total from marts.sync_runs")
    live = data.query(
        "select count(*) from marts.fct_issues where status not in ('deleted', 'merged')"
    )
    assert runs == [
        ("run-1", "failed", None, None),
        ("run-2", "complete", published_at(4), *live[0]),
    ]


def test_a_run_in_which_an_organization_failed_is_published_as_partial(data: Data) -> None:
    data.change(
        "insert into raw_sentry.organization_syncs by name select 'run-1' as run_id, "
        "'globex' as organization_slug, 'failed' as status, 'HTTP 403' as failure"
    )
    data.publish()

    runs = data.query("select status, failed_organizations, failures from marts.sync_runs")
    assert runs == [("partial", 1, "globex: HTTP 403")]


def test_a_rebuild_without_a_sync_can_be_published(data: Data) -> None:
    data.publish()
    run_log.finish_run(data.warehouse, data.target)
    data.publish("rebuild", hours=1)

    assert data.query("select run_id, finished_at from marts.sync_runs") == [
        ("run-1", published_at())
    ]
    assert data.query("select run_id from marts.publication") == [("rebuild",)]


def test_views_find_their_tables_under_any_name_of_the_file(data: Data, tmp_path: Path) -> None:
    data.publish()
    renamed = data.target.rename(tmp_path / "something-else.db")

    with duckdb.connect(str(renamed), read_only=True) as direct:
        expected = direct.execute("select count(*) from marts.product_issues").fetchone()
    with duckdb.connect() as db:
        db.execute(f"attach '{renamed}' as warehouse (read_only)")
        db.execute("create schema marts; create table marts.fct_issues as select 1 as decoy")
        attached = db.execute("select count(*) from warehouse.marts.product_issues").fetchone()
    assert attached == expected
    assert expected is not None
    assert expected[0] > 0


def test_a_view_over_unpublished_tables_is_published_as_its_rows(data: Data) -> None:
    data.change("create table ops.budget as select 7 as requests")
    data.change("create view marts.budget as from ops.budget")
    data.publish()

    assert data.query("from marts.budget") == [(7,)]


def test_descriptions_of_tables_views_and_columns_come_along(data: Data) -> None:
    data.publish()

    assert data.query(
        """
        select comment from duckdb_tables() where comment is not null and table_name != 'publication'
        union all
        select comment from duckdb_views() where comment is not null
        union all
        select comment from duckdb_columns() where comment is not null and table_name != 'publication'
        """
    ) == [
        ("One row per product; it's the one to start with.",),
        ("One row per product and live issue of its tree.",),
        ("Live issues of the product's own projects.",),
    ]


def test_the_publication_describes_itself_and_each_of_its_columns(data: Data) -> None:
    data.publish()

    assert data.query(
        "select comment is null from duckdb_tables() where table_name = 'publication'"
    ) == [(False,)]
    assert data.query(
        """
        select column_name, data_type, comment from duckdb_columns()
        where table_name = 'publication' order by column_index
        """
    ) == [
        (name, contract()["publication", name].upper(), text)
        for name, text in PUBLICATION_COLUMNS.items()
    ]


def test_text_from_outside_and_odd_folder_names_arrive_unharmed(tmp_path: Path) -> None:
    data = Data(tmp_path / "it's here; drop")
    data.folder.mkdir()
    data.build("run-1")
    title = "'; drop table x; -- \n\\0 <script> \U0001f600 " + "x" * 10_000
    with duckdb.connect(str(data.warehouse)) as db:
        db.execute("update marts.fct_issues set title = ?", [title])

    data.publish()

    with duckdb.connect(str(data.target), read_only=True) as db:
        assert db.execute("select distinct title from marts.fct_issues").fetchall() == [(title,)]


@pytest.mark.parametrize("table", ["fct_issues", "product_daily", "product_issues"])
def test_a_missing_table_is_refused_and_the_old_file_stays(data: Data, table: str) -> None:
    data.publish()
    before = data.target.read_bytes()
    data.change(f"drop {'view' if table == 'product_issues' else 'table'} marts.{table}")

    with pytest.raises(PublishError, match=table):
        data.publish(hours=1)

    assert data.target.read_bytes() == before
    assert data.names() == {"warehouse.duckdb", "product_health.duckdb"}


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.fct_issues where product_id is not null and status = 'resolved'",
        "update marts.product_overview set own_total_issues = own_total_issues + 1",
        "insert into marts.product_overview from marts.product_overview limit 1",
    ],
)
def test_marts_whose_parts_do_not_sum_to_the_whole_are_refused(data: Data, statement: str) -> None:
    data.publish()
    before = data.target.read_bytes()
    data.change(statement)

    with pytest.raises(PublishError, match="does not add up"):
        data.publish(hours=1)

    assert data.target.read_bytes() == before


def test_data_of_no_moment_is_refused(data: Data) -> None:
    data.change("update marts.organization_freshness set synced_at = null")

    with pytest.raises(PublishError, match="no organization has been read completely"):
        data.publish()

    assert data.names() == {"warehouse.duckdb"}


def test_a_missing_warehouse_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"warehouse\.duckdb.*does not exist"):
        Data(tmp_path).publish()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_others_cannot_read_the_file_whatever_the_umask(data: Data, umask: int) -> None:
    before = os.umask(umask)
    try:
        data.publish(keep=1)
        data.publish(hours=1, keep=1)
    finally:
        os.umask(before)

    for file in data.folder.glob("product_health*"):
        assert file.stat().st_mode & 0o777 == 0o440


def test_the_mode_can_be_chosen(data: Data) -> None:
    data.publish(mode=0o644)

    assert data.target.stat().st_mode & 0o777 == 0o644


OPEN_FOR_WRITING = """
import os, sys, duckdb
if os.getuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(65534)
duckdb.connect(sys.argv[1])
"""


def test_a_program_of_the_group_reads_but_cannot_open_the_file_for_writing(tmp_path: Path) -> None:
    data = Data(tmp_path)
    data.build("run-1")
    data.publish()
    group = str(data.target.stat().st_gid)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)

    def run(program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, str(data.target), group],
            capture_output=True,
            text=True,
            check=False,
        )

    writing = run(OPEN_FOR_WRITING)
    assert writing.returncode != 0
    assert "Permission denied" in writing.stderr
    reading = run(OPEN_FOR_WRITING.replace("(sys.argv[1])", "(sys.argv[1], read_only=True)"))
    assert reading.returncode == 0, reading.stderr


WRITE_AND_DIE = """
import os, signal, sys, duckdb
db = duckdb.connect(sys.argv[1])
db.execute("create table main.mine as select 1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_log_left_by_a_program_that_wrote_to_the_file_does_not_reach_the_next_one(
    data: Data,
) -> None:
    data.publish(mode=0o640)
    killed = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(data.target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "product_health.duckdb.wal" in data.names()

    data.publish("run-2", hours=1)

    assert "product_health.duckdb.wal" not in data.names()
    assert data.query("select run_id from marts.publication") == [("run-2",)]
    assert data.query("select distinct table_schema from information_schema.tables") == [("marts",)]
