"""Dagster's own files: under the umask however it is started, and not called damaged where it is the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.progress import read_progress, write_progress
from pipelines.settings import ROOT

OPEN = "import dagster; dagster.DagsterInstance.get().dispose()"
DAMAGES = """
import resource, sys
from pathlib import Path
from pipelines.run_storage import damages
room = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
print([reason for _, reason in damages(Path(sys.argv[2]))])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Dagster's folder as plain Dagster makes it, in a shell whose umask is 0."""
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    environment = os.environ | {"DAGSTER_HOME": str(tmp_path), "FILE_UMASK": "077"}
    command = [sys.executable, "-c", OPEN]
    subprocess.run(command, env=environment, cwd=ROOT, umask=0, check=True, capture_output=True)
    return tmp_path


def test_its_files_obey_the_umask_and_no_room_is_no_damage(home: Path) -> None:
    files = [path for path in home.rglob("*") if path.name != "dagster.yaml"]
    assert home / "history/runs.db" in files
    assert [path for path in files if path.stat().st_mode & 0o077] == []

    command = [sys.executable, "-c", DAMAGES, "1000", str(home)]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"


def test_how_a_run_ended_is_noted_where_no_new_file_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    write_progress(path, step="models", done=12)
    path.with_name("progress.json.tmp").mkdir()
    write_progress(path, failure="no room")
    assert read_progress(path) == {"failure": "no room"}
