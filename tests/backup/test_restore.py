"""A backup is put back in full or not at all, and what it replaces is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pipelines import publish
from pipelines.__main__ import main
from pipelines.backup import BackupError, create, restore
from pipelines.backup.contents import contents
from pipelines.settings import Settings
from pipelines.warehouse import version
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.lock import run_lock
from tests.backup.conftest import settings
from tests.backup.test_backup import silent


def tables(file: Path) -> dict[str, list[Any]]:
    """Every row of every table of a DuckDB file."""
    with duckdb.connect(str(file), read_only=True) as db:
        names = db.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
        ).fetchall()
        return {name: db.execute(f"from {name} order by all").fetchall() for (name,) in names}


def everything(installation: Settings) -> dict[str, Any]:
    """What people can see of an installation."""
    with dg.DagsterInstance.from_config(str(installation.dagster_home)) as instance:
        runs = [(run.run_id, run.status) for run in instance.get_runs()]
    files = contents(installation)
    return {
        "runs": runs,
        "publications": [each.label for each in publish.publications(installation.published)],
        **{name: tables(path) for name, path in files.items() if path.suffix == ".duckdb"},
        **{name: path.read_bytes() for name, path in files.items() if path.suffix == ".csv"},
    }


def state(folder: Path) -> dict[str, bytes]:
    """Every file of the folder."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_empty_folder_becomes_what_was_backed_up(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(installation)
    made = create(installation, silent)
    other = settings(tmp_path / "other", monkeypatch, PUBLISH_PARQUET="true")

    assert main(["restore", str(made.folder)]) == 0

    assert everything(other) == before
    assert other.published.stat().st_mode & 0o777 == other.published_mode
    assert (other.data / "product_health_parquet" / "current" / "fct_issues.parquet").exists()
    assert {path.name for path in other.data.iterdir()} == {
        *(name for name in before if name.endswith(".duckdb")),
        *("dagster", "notify.sqlite", "product_health_parquet", "warehouse.duckdb.lock"),
    }


def test_what_is_there_goes_aside(installation: Settings) -> None:
    before = everything(installation)
    create(installation, silent)
    change(installation)
    changed = everything(installation)
    present = {name: path.read_bytes() for name, path in contents(installation).items()}

    aside = restore(installation).aside

    assert everything(installation) == before != changed
    assert aside is not None
    assert {str(path.relative_to(aside)) for path in aside.rglob("*") if path.is_file()} >= set(
        present
    )
    for name, content in present.items():
        assert (aside / name).read_bytes() == content, name
    again = restore(installation)
    assert everything(installation) == before
    assert again.aside is not None


def change(installation: Settings) -> None:
    """Another table, another publication, another product, and no run any more."""
    with duckdb.connect(str(installation.warehouse)) as db:
        db.execute("create table ops.later as select 1 as n")
    publish.rollback(installation.published)
    (installation.seeds / "products.csv").write_text("product_id,name\na,A\n")
    (installation.seeds / "later.csv").write_text("x\n")
    shutil.rmtree(installation.dagster_home / "history")


def damage_backup(installation: Settings) -> None:
    (file,) = installation.backups.glob("*/product_health.duckdb")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1])


def lose_a_file_of_it(installation: Settings) -> None:
    next(installation.backups.glob("*/seeds/products.csv")).unlink()


def write_it_by_a_newer_version(installation: Settings) -> None:
    with duckdb.connect(str(installation.warehouse)) as db:
        db.execute(f"update ops.warehouse set format = {version.FORMAT + 1}")
    shutil.rmtree(next(installation.backups.iterdir()))
    create(installation, silent)


def remove_it(installation: Settings) -> None:
    shutil.rmtree(next(installation.backups.iterdir()))


def garble_its_list(installation: Settings) -> None:
    next(installation.backups.glob("*/backup.json")).write_text(json.dumps({"files": 1}))


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (damage_backup, "product_health.duckdb is missing or not as it was. Nothing was changed."),
        (lose_a_file_of_it, "seeds/products.csv is missing or not as it was. Nothing was changed."),
        (write_it_by_a_newer_version, "newer version"),
        (remove_it, "There is no backup in .*`make backup` makes one"),
        (garble_its_list, "backup.json cannot be read"),
    ],
)
def test_what_cannot_be_put_back_changes_nothing(
    installation: Settings, happens: Any, expected: str
) -> None:
    create(installation, silent)
    happens(installation)
    before = state(installation.data) | state(installation.seeds)

    with pytest.raises((BackupError, WarehouseError), match=expected):
        restore(installation)

    assert state(installation.data) | state(installation.seeds) == before


def test_it_is_refused_while_a_run_or_the_daemon_is_at_work(
    installation: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    create(installation, silent)
    with run_lock(installation.warehouse, "run 1a2b"):
        assert main(["restore"]) == 1
    assert "run 1a2b" in capsys.readouterr().err
    with dg.DagsterInstance.from_config(str(installation.dagster_home)) as instance:
        beat = dg._daemon.types.DaemonHeartbeat(  # type: ignore[attr-defined]
            __import__("time").time(), "SCHEDULER", "an-id", None
        )
        instance.add_daemon_heartbeat(beat)
    before = state(installation.data)
    assert main(["restore"]) == 1
    assert "daemon was alive at" in capsys.readouterr().err
    assert state(installation.data).keys() == before.keys()
