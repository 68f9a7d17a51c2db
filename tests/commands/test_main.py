"""What all commands have in common: settings, messages, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.__main__ import main
from pipelines.settings import ROOT
from tests.catalog.small_catalog import PRODUCTS, SHOP, Folder


def test_the_folders_come_from_the_file_of_settings_where_the_environment_names_none(
    capsys: pytest.CaptureFixture[str],
    folder: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "settings"
    file.write_text(
        f"SENTRY_AUTH_TOKEN=secret\nexport SEEDS_DIR='{tmp_path}/no where'  # ours\n"
        f"DATA_DIR={tmp_path}/elsewhere\n"
    )
    monkeypatch.setitem(settings.Settings.model_config, "env_file", file)
    monkeypatch.delenv("DATA_DIR")
    monkeypatch.delenv("SEEDS_DIR")

    assert main(["check"]) == 1

    assert "no where: error: the folder is missing" in (printed := capsys.readouterr().out)
    assert "elsewhere/product_health.duckdb is not there yet" in printed

    monkeypatch.setenv("SEEDS_DIR", str(tmp_path / "seeds"))

    assert main(["check"]) == 0


def test_a_setting_that_cannot_be_is_one_message(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISH_KEEP", "three")

    assert main(["check"]) == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("The configuration cannot be used. PUBLISH_KEEP: ")
    assert output.err.count("\n") == 1


def test_a_name_that_looks_like_a_setting_is_mentioned_and_the_command_goes_on(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISH_KEPT", "3")

    assert main(["check"]) == 0

    assert capsys.readouterr().err.startswith("PUBLISH_KEPT is no setting of this program")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def test_a_terminal_without_unicode_is_no_reason_to_fail(folder: Folder) -> None:
    folder.write("products.csv", PRODUCTS + SHOP + "支付,P,shop,,,,\n")

    finished = run("-m", "pipelines", "check", PYTHONIOENCODING="ascii")

    assert finished.returncode == 1
    assert r'product_id "\u652f\u4ed8" may hold only' in finished.stdout
    assert finished.stderr == ""


def test_a_reader_that_goes_away_gives_no_traceback(folder: Folder) -> None:
    rows = "".join(f"p{number},P,nowhere,,,,\n" for number in range(20_000))
    folder.write("products.csv", PRODUCTS + SHOP + rows)

    finished = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m pipelines check | head -1'],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert finished.stdout.startswith("seeds/products.csv:5: error: ")
    assert finished.stderr == ""


def test_a_command_starts_without_dagster_and_dbt() -> None:
    code = (
        "import sys, pipelines.__main__; "
        "print(sorted({'dagster', 'dbt'} & {name.partition('.')[0] for name in sys.modules}))"
    )

    assert run("-c", code).stdout == "[]\n"
