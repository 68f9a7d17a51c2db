"""`make doctor` names what is wrong with settings, server, token and files, and changes nothing."""

from __future__ import annotations

import math
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat

from pipelines import environment as project_environment
from pipelines.commands.dagster import environment
from pipelines.commands.doctor import doctor
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.settings import ROOT, Settings, read_settings
from pipelines.warehouse.lock import run_lock
from pipelines.warehouse.version import FORMAT, upgrade
from tests.commands.small_publication import write_published
from tests.notify.fake_jira import TOKEN as JIRA_TOKEN
from tests.notify.fake_jira import FakeJira
from tests.notify.mail_server import MailServer


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    with FakeSentry(small_world(), "self-hosted") as running:
        yield running


def small_world() -> SentryWorld:
    world = SentryWorld()
    acme = world.create_organization("acme")
    team = world.create_team(acme, "shop")
    for slug in ("shop-api", "shop-web"):
        world.create_project(acme, slug, teams=[team])
    return world


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of the test; nothing of a developer's own settings is left."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setattr(project_environment, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", TOKEN)
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    monkeypatch.setenv("SEEDS_DIR", str(tmp_path / "seeds"))
    return tmp_path / "data"


class Told:
    """What one call of doctor printed: level and text by subject, and its exit code."""

    def __init__(self, capfd: pytest.CaptureFixture[str], url: str | None) -> None:
        if url is not None:
            os.environ["SENTRY_URL"] = url
        self.code = doctor(read_settings())
        printed = capfd.readouterr()
        self.text = printed.out
        assert printed.err == ""
        assert TOKEN not in self.text
        assert "Error:" not in self.text.replace("IO Error:", "")  # DuckDB's own words
        self._lines: dict[str, str] = {}
        subject = ""
        for line in self.text.splitlines()[:-1]:
            if line.startswith(("ok ", "warning ", "problem ")):
                subject = line[9:37].strip()
                self._lines[subject] = f"{line[:9].strip()}: {line[37:]}"
            elif line.startswith(" "):
                self._lines[subject] += f" {line.strip()}"

    def __getitem__(self, subject: str) -> str:
        return self._lines[subject]

    def problems(self) -> list[str]:
        return [name for name, text in self._lines.items() if text.startswith("problem")]


def test_a_working_installation_has_no_problem_and_is_asked_little(
    sentry: FakeSentry, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = Told(capfd, sentry.url)
    assert (told.code, told.problems()) == (0, [])
    assert told["SENTRY_AUTH_TOKEN"] == "ok: set (environment)"
    assert told["PUBLISH_KEEP"] == "ok: 3 (default)"
    assert told["server"] == f"ok: {sentry.url} answers: self-hosted Sentry 25.10.0"
    assert "days" in told["clock"]
    assert told["organization acme"] == (
        "ok: 2 projects, 2 readable; 1 team; issues are listed for all projects at once"
    )
    assert "make dev" in told["schedule"]
    assert len(sentry.requests) < 15
    assert not data.exists()


@pytest.mark.parametrize(
    ("flavour", "kind", "way"),
    [
        ("saas", "self-hosted Sentry 25.10.0", "for all projects at once"),
        ("sentry10", "does not say which version", "for all projects at once"),
        ("sentry9", "does not say which version", "project by project"),
        ("glitchtip", "GlitchTip 4.1.5", "as GlitchTip does it"),
    ],
)
def test_each_kind_of_server_is_recognized(
    flavour: str, kind: str, way: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with FakeSentry(small_world(), flavour) as sentry:
        told = Told(capfd, sentry.url)
    assert told.code == 0
    assert kind in told["server"]
    assert way in told["organization acme"]
    if flavour == "glitchtip":
        assert told["scope project:releases"].startswith("warning: missing")


@pytest.mark.parametrize(
    ("fault", "match", "subject", "words"),
    [
        ("html_200", "", "server", "web page.* Check SENTRY_URL"),
        ("null_200", "", "server", "not as a Sentry does.* Check SENTRY_URL"),
        ("502", "", "server", "HTTP 502.* ask who runs it"),
        ("429", "", "server", "429"),
        ("truncated", "", "server", "not whole JSON|cut off|broke off"),
        ("revoke_token", r"organizations/\?", "SENTRY_AUTH_TOKEN", "401.* expired or revoked"),
        ("sso_401", r"organizations/\?", "SENTRY_AUTH_TOKEN", "single sign-on.* internal integ"),
        ("403", r"organizations/\?", "scope org:read", "403"),
        ("403", r"/projects/", "scope project:read", "missing.* has project:read"),
        ("403", r"/issues/", "scope event:read", "missing.* has event:read"),
        ("500", r"/issues/", "organization acme", "issues cannot be listed.* HTTP 500"),
    ],
)
def test_each_failure_of_the_server_is_one_problem_with_advice(
    sentry: FakeSentry,
    capfd: pytest.CaptureFixture[str],
    fault: str,
    match: str,
    subject: str,
    words: str,
) -> None:
    sentry.faults.add(fault, match, times=math.inf)
    told = Told(capfd, sentry.url)
    assert told.code == 1
    assert subject in told.problems()
    assert re.search(words, told[subject]), told[subject]


def test_without_teams_a_sync_still_works(
    sentry: FakeSentry, capfd: pytest.CaptureFixture[str]
) -> None:
    sentry.faults.add("403", "/teams/", times=math.inf)
    told = Told(capfd, sentry.url)
    assert told.code == 0
    assert told["scope team:read"].startswith("warning: missing")
    assert "teams unknown" in told["organization acme"]


def test_nothing_that_listens_is_said_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        told = Told(capfd, f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert told.problems() == ["server"]
    assert "nothing answers at this address" in told["server"]


def test_an_integration_has_to_name_its_organization(
    sentry: FakeSentry, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sentry.state.is_user_token = False
    assert "SENTRY_ORG" in Told(capfd, sentry.url)["organizations"]
    monkeypatch.setenv("SENTRY_ORG", "acme,acne")
    told = Told(capfd, sentry.url)
    assert told["organization acme"].startswith("ok")
    assert "Check the slug in SENTRY_ORG" in told["organization acne"]


def test_projects_that_the_token_may_not_read_are_counted(
    sentry: FakeSentry, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hidden = next(iter(sentry.world.projects.values()))
    sentry.world.set_access(hidden, False)
    told = Told(capfd, sentry.url)["organization acme"]
    assert told.startswith("warning: 2 projects, 1 readable")
    assert "no longer" not in told

    write_published(
        f"create table marts.dim_projects as select '{hidden.id}' as project_id, "
        "true as has_access, false as is_deleted",
        data,
    )
    told = Told(capfd, sentry.url)["organization acme"]
    assert f"no longer readable: {hidden.slug} -> Issues of these count as they were" in told


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SENTRY_AUTH_TOKEN", "", "is not set"),
        ("SENTRY_AUTH_TOKEN", "sntrys_x", "organization token"),
        ("SENTRY_URL", "sentry.io", "expected an address"),
        ("SENTRY_URL", "https://..", "expected an address"),
        ("SENTRY_URL", "https://*", "expected an address"),
        ("SENTRY_URL", "http://localhost:port", "expected an address"),
        ("SENTRY_URL", "http://sentry.example", "https://, or set ALLOW_PLAIN_HTTP=true"),
        ("PERSONAL_DATA", "hash", "PERSONAL_DATA_KEY"),
    ],
)
def test_a_setting_that_cannot_work_is_a_problem(
    name: str,
    value: str,
    words: str,
    sentry: FakeSentry,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENTRY_URL", sentry.url)
    monkeypatch.setenv(name, value)
    told = Told(capfd, None)
    assert name in told.problems()
    assert words in told[name]


def test_where_a_setting_comes_from_is_said(
    sentry: FakeSentry, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project_environment.ENV_FILE
    file.write_text("PUBLISH_KEEP=7\nsentry_org=acme\nFULL_SYNC_HOURS=5\nSENTRY_TOKEN=x\n")
    file.chmod(0o644)
    monkeypatch.setitem(Settings.model_config, "env_file", file)
    monkeypatch.setenv("FULL_SYNC_HOURS", "")
    told = Told(capfd, sentry.url)
    assert told["PUBLISH_KEEP"] == "ok: 7 (.env)"
    assert told["SENTRY_ORG"] == "ok: acme (.env)"
    assert told["FULL_SYNC_HOURS"] == "ok: 24.0 (default: blank in the environment)"
    assert "did you mean SENTRY_AUTH_TOKEN?" in told["SENTRY_TOKEN"]
    assert ".env (644)" in told["file modes"]
    assert "chmod g-w,o-rwx" in told["file modes"]


def test_the_warehouse_the_lock_and_the_catalog_are_looked_at(
    sentry: FakeSentry, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data.mkdir(mode=0o750)
    warehouse = data / "warehouse.duckdb"
    upgrade(warehouse)
    assert f"format {FORMAT}, as this version" in Told(capfd, sentry.url)["warehouse"]
    with run_lock(warehouse, "run 7"):
        assert Told(capfd, sentry.url)["run lock"] == "ok: run 7 is at work"
    with duckdb.connect(str(warehouse)) as db:
        db.execute("update ops.warehouse set format = ?", [FORMAT + 1])
    (data.parent / "seeds" / "products.csv").write_text("product_id,name\n")
    told = Told(capfd, sentry.url)
    assert told.problems() == ["warehouse", "catalog"]
    warehouse.write_bytes(b"no database")
    assert "is damaged" in Told(capfd, sentry.url)["warehouse"]


def test_a_data_folder_that_is_none_is_a_problem(
    sentry: FakeSentry, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data.write_text("a file")
    assert "is no folder" in Told(capfd, sentry.url)["DATA_DIR"]


def test_the_daemon_is_looked_at_and_a_clock_that_was_ahead_is_said(
    sentry: FakeSentry, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = read_settings().dagster_home
    environment(read_settings(), {})
    now = time.time()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert "is not running" in Told(capfd, sentry.url)["schedule"]
        instance.add_daemon_heartbeat(DaemonHeartbeat(now, "SCHEDULER", "1", []))
        assert Told(capfd, sentry.url)["schedule"].startswith("ok: Dagster's daemon was alive at 2")
        location = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("ours"), "repository")
        state = InstigatorState(
            RemoteInstigatorOrigin(location, "every"),
            InstigatorType.SCHEDULE,
            InstigatorStatus.DECLARED_IN_CODE,
            ScheduleInstigatorData("0 */3 * * *"),
        )
        instance.add_instigator_state(state)
        tick = (state.instigator_origin_id, "every", InstigatorType.SCHEDULE, TickStatus.SKIPPED)
        instance.create_tick(TickData(*tick, now + 86_400, selector_id=state.selector_id))
    assert "the clock was ahead" in Told(capfd, sentry.url)["schedule"]


def test_whether_people_can_be_told_is_looked_at(
    sentry: FakeSentry,
    data: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = (
        ",mail,a@b.example\n,chat,env:NOTIFY_ADDRESS_CHAT\n,webhook,env:NOTIFY_ADDRESS_HOOK\n"
        ",jira,SHOP/Task\n"
    )
    (tmp_path / "seeds" / "recipients.csv").write_text(f"team,channel,address\n{rows}")
    monkeypatch.setenv("NOTIFY_ADDRESS_HOOK", "a secret that is no address")
    told = Told(capfd, sentry.url)
    assert told["recipients"] == "ok: 4 rows of recipients.csv"
    assert told["NOTIFY_ADDRESS_CHAT"].startswith("problem: is not set, and line 3")
    assert told["NOTIFY_ADDRESS_HOOK"].startswith("problem: holds no address of channel webhook")
    assert told["mail server"].startswith("problem: NOTIFY_FROM is not set")
    assert told["Jira"].startswith("problem: JIRA_URL is not set")
    assert "secret" not in told.text

    data.mkdir()
    (data / "notify.sqlite").write_bytes(b"no database" * 100)
    with MailServer() as server, FakeJira(is_cloud=False) as jira:
        monkeypatch.setenv("JIRA_URL", jira.url)
        monkeypatch.setenv("JIRA_TOKEN", JIRA_TOKEN)
        monkeypatch.setenv("NOTIFY_FROM", "sbp@example.com")
        monkeypatch.setenv("NOTIFY_SMTP_URL", server.url)
        told = Told(capfd, sentry.url)
    assert told["mail server"].endswith("takes mail")
    assert told["Jira"] == "ok: 127.0.0.1 answers"
    assert "damaged" in told["outbox"]
    assert "Move it away" in told["outbox"]
