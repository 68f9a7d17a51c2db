"""A load happens as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.sentry.atomic_load import (
    backup_path,
    lock_path,
    restore_after_kill,
    whole_load,
)
from pipelines.sentry.errors import ConfigurationError


def write(path: Path, value: int) -> None:
    with duckdb.connect(str(path)) as db:
        db.execute("create table if not exists t (value integer)")
        db.execute("insert into t values (?)", [value])


def values(path: Path) -> list[int]:
    with duckdb.connect(str(path)) as db:
        return [value for (value,) in db.execute("from t order by 1").fetchall()]


def write_and_fail(path: Path, error: type[BaseException]) -> None:
    write(path, 2)
    raise error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "warehouse.duckdb", 1)
    return tmp_path / "warehouse.duckdb"


def test_what_ends_well_stays(path: Path) -> None:
    with whole_load(path):
        write(path, 2)
    assert values(path) == [1, 2]
    assert set(path.parent.iterdir()) == {path, lock_path(path)}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_middle_leaves_the_warehouse_as_it_was(
    path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), whole_load(path):
        write_and_fail(path, error)
    assert values(path) == [1]
    assert not restore_after_kill(path)


def test_what_a_killed_load_left_behind_is_undone_by_the_next(path: Path) -> None:
    shutil.copyfile(path, backup_path(path))
    write(path, 2)
    path.with_name(f"{path.name}.wal").write_bytes(b"of the half-loaded file")

    with whole_load(path):
        write(path, 3)

    assert values(path) == [1, 3]


def test_a_kill_while_the_copy_is_made_changes_nothing(path: Path) -> None:
    backup_path(path).with_name(f"{backup_path(path).name}.tmp").write_bytes(b"half")
    assert not restore_after_kill(path)
    with whole_load(path):
        write(path, 2)
    assert values(path) == [1, 2]


def test_the_first_load_starts_from_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "warehouse.duckdb"
    with pytest.raises(ValueError), whole_load(path):  # noqa: PT011
        write_and_fail(path, ValueError)
    with whole_load(path):
        write(path, 2)
    assert values(path) == [2]


def test_a_second_load_beside_one_under_way_is_refused_and_undoes_nothing(path: Path) -> None:
    with whole_load(path):
        write(path, 2)
        assert not restore_after_kill(path)
        with (
            pytest.raises(ConfigurationError, match="Another sync is under way") as refused,
            whole_load(path),
        ):
            write(path, 3)
        assert str(path.parent) in str(refused.value)
    assert values(path) == [1, 2]
    with whole_load(path):
        write(path, 3)
    assert values(path) == [1, 2, 3]


def test_the_copy_is_on_the_disk_before_it_can_replace_the_warehouse(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, Path]] = []
    fsync, replace = os.fsync, os.replace

    def syncing(handle: int) -> None:
        steps.append(("fsync", Path(os.readlink(f"/proc/self/fd/{handle}"))))
        fsync(handle)

    def replacing(source: Path, target: Path) -> None:
        steps.append(("rename", source))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    with whole_load(path):
        before_the_load = list(steps)
        write(path, 2)

    unfinished = Path(f"{backup_path(path)}.tmp")
    assert before_the_load == [
        ("fsync", unfinished),
        ("rename", unfinished),
        ("fsync", path.parent),
    ]
