"""A warehouse of an earlier version, or of earlier models, becomes one of this version by itself.

`format_1.duckdb.xz` is the warehouse as the version before format 2 left it, after two syncs of a small Sentry.
"""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import EXAMPLE, ROOT
from pipelines.warehouse import version
from pipelines.warehouse.errors import WarehouseError
from tests.pipeline.conftest import SETTINGS, Deployment, failure_texts

OLD = Path(__file__).with_name("format_1.duckdb.xz")
# Its example gave each priority one target.
TARGETS_THEN = "priority,resolve_within_hours\ncritical,24\nhigh,72\nmedium,168\nlow,720\n"


@pytest.fixture
def old(tmp_path: Path) -> Deployment:
    data, seeds = tmp_path / "data", tmp_path / "seeds"
    data.mkdir()
    (data / "warehouse.duckdb").write_bytes(lzma.decompress(OLD.read_bytes()))
    shutil.copytree(EXAMPLE, seeds)
    return Deployment(data, seeds, "http://127.0.0.1:9")


def rows(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as db:
        return db.execute(query).fetchall()


# What means the same in every version so far: issues, products, projects and their histories.
SAME_MEANING = (
    "table_name like 'dim_%' or table_name like '%_history' or table_name like 'fct_issue%' "
    "or table_name in ('product_closure', 'sla_compliance')"
)


def mart_columns(warehouse: Path, tables: str = "true") -> dict[str, str]:
    """The columns of mart tables, ready for a select."""
    query = (
        "select table_name, string_agg(column_name, ', ') from duckdb_columns() inner join duckdb_tables() "
        "using (schema_name, table_name) where schema_name = 'marts' and column_name != '_dlt_load_id' "
        f"and ({tables}) group by 1"
    )
    return dict(rows(warehouse, query))


def marts(warehouse: Path, columns: dict[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the mart tables."""
    return {
        name: rows(warehouse, f"select {listed} from marts.{name} order by all")
        for name, listed in columns.items()
    }


def test_a_warehouse_of_the_version_before_keeps_what_still_means_the_same(old: Deployment) -> None:
    (old.seeds / "sla_targets.csv").write_text(TARGETS_THEN)
    columns = mart_columns(old.warehouse, SAME_MEANING)
    assert len(columns) == 8
    before = marts(old.warehouse, columns)
    log = "select run_id, mode, status, organizations, issues_upserted from marts.sync_runs order by 1"
    logged = rows(old.warehouse, log)
    with duckdb.connect(str(old.warehouse)) as db:
        db.execute("create table marts.former_report as select 1 as n")
        db.execute("create view intermediate.int_former as select 1 as n")

    result = old.run("rebuild_marts")

    assert result.success, failure_texts(result)
    assert marts(old.warehouse, columns) == before
    assert rows(old.warehouse, log) == logged
    assert rows(old.warehouse, "select format from ops.warehouse") == [(version.FORMAT,)]
    leftovers = (
        "select table_name from duckdb_tables() where table_name like '!_dlt%' escape '!' "
        "union all select view_name from duckdb_views() where view_name = 'int_former'"
    )
    assert rows(old.warehouse, leftovers) == []
    assert old.read("from marts.publication")
    assert old.is_rebuilt_in_full()


def test_what_a_newer_version_wrote_is_left_alone_with_the_way_out(old: Deployment) -> None:
    version.upgrade(old.warehouse)
    with duckdb.connect(str(old.warehouse)) as db:
        db.execute("update ops.warehouse set format = format + 1")
    before = old.warehouse.read_bytes()

    with pytest.raises(WarehouseError, match="newer version") as refused:
        version.upgrade(old.warehouse)

    assert "Install that version again" in str(refused.value)
    assert old.warehouse.read_bytes() == before
    result = old.run("rebuild_marts")
    assert not result.success


def test_a_load_that_the_version_before_cut_off_is_undone(old: Deployment) -> None:
    columns = mart_columns(old.warehouse)
    before = marts(old.warehouse, columns)
    shutil.copyfile(old.warehouse, f"{old.warehouse}.before-load")
    with duckdb.connect(str(old.warehouse)) as db:
        db.execute("delete from raw_sentry.issues")

    version.upgrade(old.warehouse)

    assert marts(old.warehouse, columns) == before
    assert {path.name for path in old.data.iterdir()} == {"warehouse.duckdb"}


def test_models_that_changed_are_rebuilt_in_full_wherever_the_clone_lies(
    first: Deployment, tmp_path: Path
) -> None:
    """An added column, and a column that means something else: both reach rows that no sync touches again."""
    clone = tmp_path / 'it\'s a "clone" #1 ~ $HOME ü'
    for part in ("pipelines", "dbt_project", "seeds"):
        ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(ROOT / part, clone / part, ignore=ignored)
    shutil.copy(ROOT / "dagster.yaml", clone)
    shutil.copytree(first.data, clone / "data")
    rebuilt = Deployment(clone / "data", clone / "seeds", "")
    issues = len(rows(rebuilt.warehouse, "from marts.fct_issues"))
    model = clone / "dbt_project" / "models" / "marts" / "core" / "fct_issues.sql"
    model.write_text(
        model.read_text()
        .replace("    issues.title,\n", "    upper(issues.title) as title,\n")
        .replace("    issues.culprit,\n", "    issues.culprit,\n    'new' as added,\n")
    )
    columns = model.with_suffix(".yml")
    columns.write_text(
        columns.read_text().replace(
            "      - {name: culprit,",
            "      - {name: added, data_type: varchar}\n      - {name: culprit,",
        )
    )

    assert "rebuilt in full" in rebuild(clone)

    changed = "where title = upper(title) and added = 'new'"
    assert len(rows(rebuilt.warehouse, f"from marts.fct_issues {changed}")) == issues > 0
    assert len(rebuilt.read(f"from marts.fct_issues {changed}")) == issues


def rebuild(clone: Path) -> str:
    """Run rebuild_marts in another clone, in its own folder; returns what it logged."""
    environment = (
        os.environ
        | SETTINGS
        | {"PYTHONPATH": str(clone), "DATA_DIR": "data", "SEEDS_DIR": "seeds/example"}
    )
    code = (
        "import os, subprocess, sys; from pipelines.commands.dagster import environment; "
        "from pipelines.settings import read_settings; settings = read_settings(); "
        "sys.exit(subprocess.run([sys.executable, '-m', 'pipelines.run_job', 'rebuild_marts'], "
        "env=environment(settings, os.environ), cwd=settings.dagster_home).returncode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr
