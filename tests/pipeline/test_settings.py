"""Each setting, set to something unusual, and its effect at the far end of the pipeline."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from starlette.types import Receive, Scope, Send

from pipelines import environment
from pipelines.__main__ import main
from pipelines.environment import unknown_names
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.settings import EXAMPLE, ROOT, Settings, SettingsError, read_settings
from tests.pipeline.conftest import Deployment, failure_texts

ODD = 'it\'s #1 ~ $HOME "ü"'


class BusiestMoment(FakeSentry):
    """Counts how many requests were under way at once."""

    under_way = most = 0

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await super()._application(scope, receive, send)
        finally:
            self.under_way -= 1


def small_world() -> SentryWorld:
    world = SentryWorld()
    for slug in ("acme", "beta"):
        organization = world.create_organization(slug)
        project = world.create_project(organization, f"{slug}-api")
        issues = [world.create_issue(project, f"ValueError: {n}", count=3) for n in range(8)]
        for issue in issues[:5]:
            world.resolve(issue)
        world.add_events(issues[6], 1, environment="live")
        world.assign(issues[7], organization.members[0])
        world.create_issue(project, "Help", category="feedback", issue_type="feedback")
    return world


def test_each_setting_has_its_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    seeds = tmp_path / "our CSVs"
    shutil.copytree(EXAMPLE, seeds)
    (seeds / "project_products.csv").write_text(
        "organization,project,product_id\n,beta-*,checkout-flow\n"
    )
    asked = {
        "SENTRY_URL": "",
        "SENTRY_AUTH_TOKEN": "unusual",
        "SENTRY_ORG": " beta ,",
        "DATA_DIR": str(tmp_path / ODD),
        "SEEDS_DIR": str(seeds),
        "SENTRY_CONCURRENCY": "1",
        "FULL_SYNC_HOURS": "0.5",
        "ACTIVITY_REQUESTS_PER_RUN": "3",
        "ISSUE_EVENTS_PER_ISSUE": "2",
        "INCLUDE_CATEGORIES": "feedback",
        "PRODUCTION_ENVIRONMENTS": "live , production",
        "UNIQUE_USERS": "on",
        "PERSONAL_DATA": "hash",
        "PERSONAL_DATA_KEY": "pepper",
        "PUBLISH_PARQUET": "yes",
        "PUBLISH_KEEP": "0",
        "BACKUP_DIR": str(tmp_path / "copies"),
        "BACKUP_KEEP": "1",
        "FILE_UMASK": "077",
        "ALLOW_PLAIN_HTTP": "",
        # What these do: test_terminal.py, tests/notify and test_ui.py.
        "RUN_TIMEOUT_HOURS": "1.5",
        "ON_FAILURE_COMMAND": "false",
        "ON_FAILURE_WEBHOOK": "",
        # Their effect: tests/notify.
        "NOTIFY_SMTP_URL": "smtp://127.0.0.1:1",
        "NOTIFY_FROM": "sbp@example.com",
        "NOTIFY_WEBHOOK_SECRET": "pepper",
        "JIRA_URL": "http://127.0.0.1:1",
        "JIRA_USER": "robot@example.com",
        "JIRA_TOKEN": "pepper",
        "PAGES_URL": "https://products.example.com",
        "UI_HOSTS": "sentry.example",
        "PAGES_HOST": "",  # both: pages/
        "PAGES_PORT": "0",
        "PAGES_EDITING": "on",
        "PAGES_USER_HEADER": "X-Remote-User",
        "DAGSTER_POSTGRES_URL": "",  # its effect: test_dagster_storage.py
        "MODELS_ON": "",  # of these three: tests/spark
        "SPARK_URL": "thrift://127.0.0.1:1",
        "SPARK_STORAGE": "/nowhere",
    }
    assert asked.keys() == {name.upper() for name in Settings.model_fields}
    with BusiestMoment(world, "self-hosted", token="unusual") as sentry:
        deployment = Deployment(tmp_path / ODD, seeds, sentry.url)
        # Before there is a catalog of one's own.
        ours = {"SENTRY_URL": f" {sentry.url}/api/0/ ", "SEEDS_DIR": ""}
        first = deployment.run(**{**asked, **ours})
        assert first.success, failure_texts(first)
        assert deployment.read("from marts.product_overview") == []
        assert {i["product_id"] for i in deployment.read("from marts.fct_issues")} == {None}
        assert [p["project_slug"] for p in deployment.read("from marts.unassigned_projects")] == [
            "beta-api"
        ]
        activity_requests = [r for r in sentry.requests if r.path.endswith("/activities/")]
        assert sentry.most == 1
        world.advance(hours=1)
        second = deployment.run(**{**asked, "SENTRY_URL": sentry.url})
    assert second.success, failure_texts(second)

    assert len(activity_requests) == 3
    assert [r["mode"] for r in deployment.read("from marts.sync_runs")] == ["full", "full"]
    issues = deployment.read("from marts.fct_issues")
    assert {(i["organization_slug"], i["product_id"]) for i in issues} == {
        ("beta", "checkout-flow")
    }
    assert "feedback" in {i["issue_category"] for i in issues}
    name = world.organizations["beta"].members[0].name
    hashed = hmac.new(b"pepper", name.lower().encode(), hashlib.sha256).hexdigest()[:16]
    assert {i["assignee"] for i in issues} == {None, hashed}
    with duckdb.connect(str(deployment.warehouse), read_only=True) as db:
        per_issue = "select count(*) as n from raw_sentry.issue_events group by issue_id"
        assert db.execute(f"select max(n) from ({per_issue})").fetchone() == (2,)
        days = "select sum(event_count) from raw_sentry.project_daily_production_events"
        assert db.execute(days).fetchone() == (26,)
        users = "select product_id, window_days, user_count from raw_sentry.product_users"
        assert {("checkout-flow", 7, 1), ("checkout-flow", 30, 1)} < set(
            db.execute(users).fetchall()
        )
    published = [path.name for path in deployment.data.glob("product_health*")]
    assert sorted(published) == ["product_health.duckdb", "product_health_parquet"]
    assert stat.S_IMODE(deployment.published.stat().st_mode) == 0o400
    assert stat.S_IMODE(deployment.warehouse.stat().st_mode) == 0o600
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    assert [main(["backup"]) for _ in range(2)] == [0, 0]
    assert len(list((tmp_path / "copies").iterdir())) == 1


def test_the_environment_wins_over_the_file_also_with_a_blank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("SENTRY_ORG=acme\nPUBLISH_KEEP=7\nSENTRY_URL=https://sentry.acme.example\n")
    monkeypatch.setenv("SENTRY_ORG", "")
    monkeypatch.setenv("PUBLISH_KEEP", "1")
    found = Settings(_env_file=file)
    assert (found.organizations, found.publish_keep) == ([], 1)
    assert found.server_url == "https://sentry.acme.example"


def test_relative_folders_are_the_projects_whatever_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    monkeypatch.setenv("SEEDS_DIR", "~/csv")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = read_settings()
    assert (found.data, found.seeds) == (ROOT / "elsewhere", Path("csv"))


def test_a_name_that_looks_like_a_setting_is_named_with_the_closest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("SENTRY_TOKEN=x\nMOOD=grim\nDAGSTER_HOME=/x\nSENTRY_ORG=acme\n")
    monkeypatch.setattr(environment, "ENV_FILE", file)
    monkeypatch.setenv("SENTRY_DSN", "https://sentry.example/1")
    monkeypatch.setenv("DAGSTER_POSTGRES_PASSWORD", "secret")
    monkeypatch.setenv("PUBLISH_PARQET", "true")
    assert unknown_names(Settings.model_fields) == [
        "SENTRY_TOKEN is no setting of this program; did you mean SENTRY_AUTH_TOKEN?",
        "MOOD is no setting of this program; see .env.example.",
        "PUBLISH_PARQET is no setting of this program; did you mean PUBLISH_PARQUET?",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("SENTRY_CONCURRENCY", "many"), ("PERSONAL_DATA", "some"), ("PUBLISH_KEEP", "-1")],
)
def test_a_wrong_setting_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://sentry.io/", "https://sentry.io"),
        (" https://de.sentry.io/api/0/ ", "https://de.sentry.io"),
        ("http://127.0.0.1:9000/sentry", "http://127.0.0.1:9000/sentry"),
    ],
)
def test_an_address_is_taken_as_people_paste_it(url: str, expected: str) -> None:
    assert Settings(sentry_url=url).server_url == expected


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://localhost", True),
        ("http://[::1]:9000", True),
        ("https://sentry.example", True),
        ("http://sentry.example", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_a_token_goes_unencrypted_to_this_machine_alone_unless_that_is_allowed(
    url: str, is_fine: bool
) -> None:
    assert Settings(sentry_url=url, allow_plain_http=True).server_url == url
    if is_fine:
        assert Settings(sentry_url=url).server_url == url
        return
    with pytest.raises(SettingsError, match="ALLOW_PLAIN_HTTP"):
        _ = Settings(sentry_url=url).server_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("thrift://spark.example.com:10001", ("spark.example.com", 10001)),
        (" thrift://127.0.0.1 ", ("127.0.0.1", 10000)),
        ("", None),
        ("spark.example.com:10000", None),
        ("https://spark.example.com", None),
        ("thrift://me:secret@spark.example.com", None),
        ("thrift://spark.example.com:many", None),
    ],
)
def test_the_address_of_spark_is_checked(url: str, server: tuple[str, int] | None) -> None:
    if server is None:
        with pytest.raises(SettingsError, match="SPARK_URL") as refused:
            _ = Settings(spark_url=url).spark_server
        assert "secret" not in str(refused.value)
    else:
        assert Settings(spark_url=url).spark_server == server


def test_sparks_storage_is_a_folder_of_the_project_or_an_address(tmp_path: Path) -> None:
    assert Settings(spark_storage="shared").spark_place == str(ROOT / "shared")
    assert Settings(spark_storage=str(tmp_path)).spark_place == str(tmp_path)
    assert Settings(spark_storage="s3a://bucket/folder").spark_place == "s3a://bucket/folder"
    with pytest.raises(SettingsError, match="SPARK_STORAGE is not set"):
        _ = Settings().spark_place


@pytest.mark.parametrize(
    "written",
    [
        "acme",
        "https://acme.sentry.io",
        "https://acme.sentry.io/issues/?project=1",
        "https://sentry.io/organizations/acme/projects/",
    ],
)
def test_an_organization_may_be_pasted_as_its_address(written: str) -> None:
    assert Settings(sentry_org=f"{written}, beta").organizations == ["acme", "beta"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux keeps the record")
def test_the_environment_wins_over_the_file_also_where_dagster_is_started_plainly(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("SENTRY_ORG=of-the-file\nPUBLISH_KEEP=7\n")
    (tmp_path / "probe.py").write_text(
        "import dagster as dg\nfrom pipelines.settings import read_settings\n"
        "@dg.op\ndef probe():\n    found = read_settings()\n"
        "    print('FOUND', found.sentry_org, found.publish_keep)\n"
        "@dg.job(executor_def=dg.in_process_executor)\ndef job():\n    probe()\n"
    )
    environment = os.environ | {
        "SENTRY_ORG": "of-the-environment",
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "job", "execute", "-m", "probe", "-j", "job"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "FOUND of-the-environment 7" in done.stdout, done.stderr[-2000:]
