"""A backup holds everything, is made while things run, and counts only once it is whole."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.backup import BackupError, backups, create
from pipelines.backup.manifest import changed_file
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.lock import run_lock


def silent(line: str) -> None:
    pass


def test_it_holds_everything_and_no_secret_under_the_umask(
    installation: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILE_UMASK", "077")

    assert main(["backup"]) == 0

    (made,) = backups(installation.backups)
    assert made.label in capsys.readouterr().out
    names = {name for name in made.files if not name.startswith("dagster/")}
    assert names == {
        "warehouse.duckdb",
        "notify.sqlite",
        "product_health.duckdb",
        "product_health.20261123T090500Z.duckdb",
        *(f"seeds/{path.name}" for path in installation.seeds.glob("*.csv")),
    }
    assert {"dagster/history/runs.db", "dagster/schedules/schedules.db"} < set(made.files)
    assert not any(path.name == ".env" for path in made.folder.rglob("*"))
    assert {path.name for path in made.folder.rglob("*-wal")} == set()
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made.folder.rglob("*")}
    assert modes == {0}


def test_the_newest_few_are_kept(
    installation: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    moments = iter(datetime(2026, 11, 25, hour) for hour in range(10, 14))
    installation = installation.model_copy(update={"backup_keep": 2, "backup_dir": tmp_path / "b"})
    monkeypatch.setattr("pipelines.backup.manifest.now", lambda: next(moments))

    for _ in range(4):
        create(installation, silent)

    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [
        "20261125T120000Z", "20261125T130000Z",
    ]  # fmt: skip


def test_it_waits_for_a_run_but_not_for_ever(installation: Settings) -> None:
    said: list[str] = []
    with run_lock(installation.warehouse, "run 1a2b"):
        with pytest.raises(WarehouseError, match="run 1a2b"):
            create(installation, said.append, longest_wait=0.1)
        assert backups(installation.backups) == []
        waiting = threading.Thread(target=create, args=(installation, said.append, 60.0))
        waiting.start()
        while len(said) < 2:
            time.sleep(0.01)
        assert "Waiting until run 1a2b has ended" in said[1]
        assert backups(installation.backups) == []
    waiting.join(60)
    assert len(backups(installation.backups)) == 1


@contextmanager
def busy(database: Path) -> Iterator[None]:
    """Write to two tables in one transaction after the other, as Dagster does while the UI is open."""
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30)) as db:
            db.execute("pragma journal_mode = wal")
            db.execute("create table a (n)")
            db.execute("create table b (n)")
            db.commit()
            ready.set()
            while not done.is_set():
                db.execute("insert into a values (1)")
                db.execute("insert into b values (1)")
                db.commit()

    ready = threading.Event()
    writer = threading.Thread(target=write)
    writer.start()
    ready.wait(30)
    try:
        yield
    finally:
        done.set()
        writer.join(30)


def test_a_database_that_is_being_written_is_copied_in_one_piece(installation: Settings) -> None:
    with busy(installation.dagster_home / "history" / "runs.db"):
        for _ in range(3):
            made = create(installation, silent)
            copied = made.folder / "dagster" / "history" / "runs.db"
            with closing(sqlite3.connect(f"{copied.as_uri()}?immutable=1", uri=True)) as db:
                counts = db.execute("select (select count(*) from a), (select count(*) from b)")
                a, b = counts.fetchone()
            assert a == b > 0


def test_a_kill_at_any_moment_leaves_whole_backups_alone(installation: Settings) -> None:
    command = [sys.executable, "-m", "pipelines", "backup"]
    environment = os.environ | {"BACKUP_KEEP": "100"}
    killed = 0
    # Each time a little further in.
    for number in range(3):
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        draft = installation.backups / "unfinished.tmp"
        wanted = 1 + number * 6
        while process.poll() is None and sum(len(files) for *_, files in os.walk(draft)) < wanted:
            time.sleep(0.001)
        process.kill()
        killed += process.wait() != 0
        assert all(changed_file(each) is None for each in backups(installation.backups))

    assert killed > 0
    made = create(installation, silent)
    assert changed_file(made) is None
    assert not draft.exists()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("warehouse.duckdb", b"x" * 9000, "warehouse.duckdb is damaged"),
        ("product_health.duckdb", b"x" * 9000, "product_health.duckdb is damaged"),
        ("dagster/history/runs.db", b"SQLite format 3\0" + b"x" * 9000, "runs.db"),
    ],
)
def test_what_is_damaged_makes_no_backup(
    installation: Settings, name: str, content: bytes, expected: str
) -> None:
    create(installation, silent)
    path = installation.data / name
    path.unlink()
    path.write_bytes(content)

    with pytest.raises((BackupError, WarehouseError), match=expected):
        create(installation, silent)

    assert len(backups(installation.backups)) == 1
    assert len(list(installation.backups.iterdir())) == 1


def test_a_full_disk_and_an_empty_folder_are_one_message(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (100_000, 100_000)); "
    code = f"{limit}import sys; from pipelines.__main__ import main; sys.exit(main(['backup']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No backup could be made" in done.stderr
    assert done.stderr.count("\n") == 1
    assert backups(installation.backups) == []
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("SEEDS_DIR", str(tmp_path / "none"))
    with pytest.raises(BackupError, match="nothing to back up"):
        create(Settings(), silent)
