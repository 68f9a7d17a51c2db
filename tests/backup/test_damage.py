"""Whatever is damaged, each command and each run ends in one message that says what to do and what that loses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.run_job import failure_of
from pipelines.settings import Settings
from tests.pipeline.conftest import Deployment

Damage = Callable[[Path], object]


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def fill_with_garbage(path: Path) -> None:
    path.write_bytes(b"x" * 20_000)


def replace_by_another_programs(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\0" * 20_000)


def flip_in_header(path: Path) -> None:
    flip(path, 20)


def flip_in_the_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2)


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


EVERY = [halve, empty, fill_with_garbage, replace_by_another_programs, flip_in_header]


def writable(path: Path) -> Path:
    path.chmod(0o600)
    return path


def only_message(capsys: pytest.CaptureFixture[str]) -> str:
    """The one message, which no traceback and no name of a class is part of."""
    message = capsys.readouterr().err.strip()
    assert message.count("\n") == 0, message
    for word in ("Traceback", "Error", "Exception", "duckdb.", "sqlite3."):
        assert word not in message
    return message


@pytest.mark.parametrize(
    ("command", "damage"),
    # A preview reads no more than it needs.
    [("backup", each) for each in [*EVERY, flip_in_the_middle]]
    + [("preview", each) for each in EVERY[1:]],
)
def test_a_damaged_warehouse_ends_a_command(
    installation: Settings, capsys: pytest.CaptureFixture[str], damage: Damage, command: str
) -> None:
    damage(installation.warehouse)
    before = installation.warehouse.read_bytes()

    assert main([command]) == 1

    message = only_message(capsys)
    for words in ("warehouse.duckdb is damaged (", "make restore", "make sync", "are lost:"):
        assert words in message
    assert installation.warehouse.read_bytes() == before


@pytest.mark.parametrize("damage", EVERY)
def test_a_damaged_warehouse_ends_a_run(installation: Settings, damage: Damage) -> None:
    damage(installation.warehouse)
    deployment = Deployment(installation.data, installation.seeds, "http://127.0.0.1:9")

    result = deployment.run("rebuild_marts")

    message = failure_of(result.all_events)
    assert "warehouse.duckdb is damaged (" in message
    assert "make restore" in message
    assert "Error" not in message
    assert "\n" not in message


@pytest.mark.parametrize("damage", [*EVERY, flip_in_the_middle])
@pytest.mark.parametrize("name", ["warehouse.duckdb", "product_health.duckdb"])
def test_doctor_finds_each(
    installation: Settings, capsys: pytest.CaptureFixture[str], damage: Damage, name: str
) -> None:
    damage(writable(installation.data / name))

    assert main(["doctor"]) == 1

    lines = [line for line in capsys.readouterr().out.splitlines() if "is damaged" in line]
    assert len(lines) == 1
    assert lines[0].startswith("problem")
    assert name in lines[0]


@pytest.mark.parametrize("damage", EVERY)
@pytest.mark.parametrize("command", ["check", "suggest", "preview"])
def test_a_damaged_publication_ends_what_reads_it(
    installation: Settings, capsys: pytest.CaptureFixture[str], damage: Damage, command: str
) -> None:
    damage(writable(installation.published))

    code = main([command])

    if command == "check":  # which goes on without it, and says so
        assert code == 0
        return
    assert code == 1
    message = only_message(capsys)
    for words in ("product_health.duckdb is damaged (", "make rollback", "make sync"):
        assert words in message


def test_a_damaged_publication_can_be_rolled_back(
    installation: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    halve(writable(installation.published))

    assert main(["rollback", "20261123T090500Z"]) == 0

    assert "20261123T090500Z" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [halve, fill_with_garbage, flip_in_header])
@pytest.mark.parametrize("name", ["history/runs.db", "schedules/schedules.db"])
def test_damaged_run_storage_ends_what_starts_dagster(
    installation: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    damage: Damage,
    name: str,
) -> None:
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", "x")
    damage(installation.dagster_home / name)
    for command in ("sync", "dev"):
        assert main([command]) == 1
        message = only_message(capsys)
        for words in (f"Dagster's run storage is damaged: {installation.dagster_home / name} (",
                      "make restore", "are lost", "published data are not touched"):  # fmt: skip
            assert words in message

    assert main(["doctor"]) == 1

    assert "Dagster's run storage is damaged" in capsys.readouterr().out
    shutil.rmtree(installation.dagster_home)
    main(["doctor"])
    assert "Dagster's run storage is damaged" not in capsys.readouterr().out


def test_the_damaged_log_of_one_run_is_named_and_stops_only_a_backup(
    installation: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run = next(installation.dagster_home.glob("history/runs/*-*.db"))
    fill_with_garbage(run)
    assert main(["backup"]) == 1
    assert f"{run} is damaged" in only_message(capsys)
    assert main(["doctor"]) == 1
    assert "Remove it: only the events of that one past run are lost" in capsys.readouterr().out
    run.unlink()
    assert main(["backup"]) == 0
