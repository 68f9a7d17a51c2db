"""Dagster's storage on a real PostgreSQL server, and what people are told when it cannot be used."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from pydantic import SecretStr

from pipelines.commands import dagster_storage
from pipelines.commands.doctor_files import diagnose_files
from pipelines.settings import Settings, SettingsError

PASSWORD = "p@ss:/word"
WRITTEN = "p%40ss%3A%2Fword"
PLACES = [*os.get_exec_path(), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
INITDB = shutil.which("initdb", path=os.pathsep.join(PLACES))


@dg.op
def nothing() -> None:
    pass


@dg.job
def short_job() -> None:
    nothing()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of this test's own; its address. PostgreSQL does not run as root."""
    if INITDB is None:
        pytest.skip("PostgreSQL's server is not installed")
    user = "nobody" if os.getuid() == 0 else None
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    (folder / "password").write_text(PASSWORD)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user)
    programs, data = Path(INITDB).resolve().parent, str(folder / "data")
    how = ["--auth=scram-sha-256", "--username=dagster", f"--pwfile={folder / 'password'}"]
    initialize = [INITDB, "--no-sync", "--pgdata", data, *how]
    subprocess.run(initialize, user=user, check=True, capture_output=True, cwd="/")
    # As little as it can do with: the machine is shared by many tests.
    start = [programs / "postgres", "-D", data, "-p", port, "-k", folder, "-F"]
    process = subprocess.Popen(start, user=user, stderr=subprocess.DEVNULL, cwd="/")
    try:
        address = f"postgresql://dagster:{WRITTEN}@127.0.0.1:{port}/postgres"
        _wait_for(address)
        yield address.replace("postgresql://", "postgresql+psycopg2://")
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            return dagster_storage.require_reachable(_settings(Path("/"), address))
        except SettingsError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _settings(data: Path, address: str) -> Settings:
    return Settings(_env_file=None, data_dir=data, dagster_postgres_url=SecretStr(address))


def test_runs_events_and_heartbeats_are_in_postgresql(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, server)
    settings.dagster_home.mkdir()
    (settings.dagster_home / "dagster.yaml").write_bytes(dagster_storage.configuration(settings))
    for name, value in dagster_storage.variables(settings).items():
        monkeypatch.setenv(name, value)
    # As Dagster's own processes open it: from dagster.yaml and the environment.
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        run_id = short_job.execute_in_process(instance=instance).run_id
        beat = DaemonHeartbeat(time.time(), "SCHEDULER", "here", [])
        instance.add_daemon_heartbeat(beat)
    # And as `make doctor` does, whose environment need not have it.
    monkeypatch.delenv("DAGSTER_POSTGRES_URL")
    with dagster_storage.instance(settings) as instance:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert len(instance.all_logs(run_id)) > 3
    said = {found.subject: found for found in diagnose_files(settings)}
    assert [(said[line].level, said[line].text[:10]) for line in ("run storage", "schedule")] == [
        ("ok", "PostgreSQL"),
        ("ok", "Dagster's "),
    ]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".db"]
    assert not [path for path in files if WRITTEN.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://dagster:secret@127.0.0.1:1/dagster", "Connection refused"),
        ("postgresql://dagster:s@secret@127.0.0.1/dagster", "expected postgresql://USER"),
        ("postgresql://dagster:s@ecret:secret@127.0.0.1/dagster", "expected postgresql://USER"),
        ("postgresql://dagster:s/secret@127.0.0.1/dagster", "expected postgresql://USER"),
        ("postgresql://dagster:secret secret@127.0.0.1:x/dagster", "expected postgresql://USER"),
        ("postgresql://127.0.0.1/secret", "expected postgresql://USER"),
        ("secret", "expected postgresql://USER"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained_without_the_password(
    address: str, said: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        dagster_storage.require_reachable(_settings(Path("/"), address))
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_wrong_password_is_said(server: str) -> None:
    with pytest.raises(SettingsError, match="password authentication failed"):
        dagster_storage.require_reachable(_settings(Path("/"), server.replace(WRITTEN, "wrong")))
