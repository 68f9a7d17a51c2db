"""The Dagster UI: what it refuses, the files that it makes, and how it ends."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pipelines.automation import failed_runs, overdue_syncs
from pipelines.commands.doctor_files import diagnose_files
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.settings import Settings
from pipelines.warehouse.lock import holder
from tests.pipeline.conftest import SETTINGS
from tests.pipeline.dagster_ui import JSON, LAUNCH, Ui

MUTATION = json.dumps({"query": LAUNCH})
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """`make demo-ui`, from a shell whose umask is 0; it ends with SIGTERM within five seconds."""
    running = Ui(tmp_path_factory.mktemp("ui") / "data", "demo", "--ui")
    running.wait()
    yield running
    assert running.end(signal.SIGTERM) < 5


def demo(ui: Ui) -> Settings:
    return Settings(data_dir=ui.data / "demo", _env_file=None)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "words"),
    [
        ("GET", f"/graphql?query={quote(LAUNCH)}", None, {}, "ask GraphQL by POST, with JSON"),
        ("POST", f"/graphql?query={quote(LAUNCH)}", "", FORM, "only GET, and POST with Content-"),
        ("POST", f"/graphql?query={quote(LAUNCH)}", "", {}, "only GET, and POST with Content-Type"),
        ("POST", "/graphql", MUTATION, {"Content-Type": "text/plain; a=application/json"}, "only"),
        ("POST", "/report_asset_materialization/product_health", "", FORM, "only GET, and POST"),
        ("OPTIONS", "/graphql", None, {}, "only GET, and POST"),
        ("POST", "/graphql", MUTATION, JSON | {"Origin": "https://evil.example"}, "evil.example"),
        ("POST", "/graphql", MUTATION, JSON | {"Origin": "null"}, "a page of 'null' asked"),
        ("POST", "/graphql", MUTATION, JSON | {"Origin": "http://127.0.0.1:1"}, "127.0.0.1:1"),
        ("GET", "/", None, {"Host": "evil.example"}, "'evil.example' is not a name of this UI"),
        ("POST", "/graphql", MUTATION, JSON | {"Host": "evil.example:3000"}, "Add it to UI_HOSTS"),
        ("GET", "/", None, {"Host": "localhost.evil.example"}, "is not a name of this UI"),
        ("GET", "/", None, {"Host": "[::1"}, "is not a name of this UI"),
    ],
)
def test_what_another_page_or_a_link_could_send_is_refused(
    ui: Ui, method: str, path: str, body: str | None, headers: dict[str, str], words: str
) -> None:
    status, text = ui.request(method, path, body, headers)
    assert (status, words in text) == (403, True), text
    assert ui.ask("{ runsOrError { ... on Runs { results { runId } } } }") == {
        "runsOrError": {"results": []}
    }


def test_the_ui_itself_works_by_http_and_websocket(ui: Ui) -> None:
    query = json.dumps({"query": "{ version }"})
    for name in ("127.0.0.1", "localhost"):
        own = {"Host": f"{name}:{ui.port}", "Origin": f"http://{name}:{ui.port}"}
        assert ui.request("GET", "/", None, own)[0] == 200
        status, text = ui.request("POST", "/graphql", query, own | JSON)
        assert (status, json.loads(text)["data"]["version"]) == (200, dg.__version__)
    address = f"ws://127.0.0.1:{ui.port}/graphql"
    with connect(address, origin=f"http://127.0.0.1:{ui.port}", subprotocols=["graphql-ws"]) as ws:
        ws.send(json.dumps({"type": "connection_init"}))
        assert json.loads(ws.recv(10))["type"] == "connection_ack"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, origin="https://evil.example", subprotocols=["graphql-ws"])
    assert refused.value.response.status_code == 403
    assert b"evil.example" in refused.value.response.body


def test_all_its_files_obey_the_umask_from_the_first_on(ui: Ui) -> None:
    settings = demo(ui)
    paths = [settings.data, *settings.data.rglob("*")]
    assert settings.dagster_home / "history" / "runs.db" in paths
    assert [path for path in paths if path.stat().st_mode & settings.umask] == []


def test_doctor_sees_its_daemon(ui: Ui) -> None:
    deadline = time.monotonic() + 60
    while True:
        [found] = [each for each in diagnose_files(demo(ui)) if each.subject == "schedule"]
        if found.level == "ok":
            break
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    assert found.text.startswith("Dagster's daemon was alive at 20")


def test_ctrl_c_ends_it_with_the_run_under_way_which_is_marked_as_failed_and_told(
    sentry: FakeSentry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    settings = SETTINGS | {
        "SENTRY_URL": sentry.url,
        "ON_FAILURE_COMMAND": f"cp /dev/stdin {heard}",
        "SEEDS_DIR": "seeds",
    }
    sentry.faults.add("slow", "/issues/", times=1000, seconds=0.5)
    ui = Ui(tmp_path / "data", "dev", **settings)
    ui.wait()
    assert ui.tick()["runRequests"] == [{"runKey": None}]
    run_id = ui.launch()
    warehouse = ui.data / "warehouse.duckdb"
    deadline = time.monotonic() + 60
    while not any("/issues/" in each.path for each in sentry.requests):
        assert time.monotonic() < deadline, ui.log.read_text()[-3000:]
        time.sleep(0.05)
    assert run_id in ui.tick()["skipReason"]

    assert ui.end(signal.SIGINT) < 5

    assert holder(warehouse) is None
    for name, value in {**settings, "DATA_DIR": str(ui.data)}.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(ui.data / "dagster")) as instance:
        overdue_syncs(dg.build_sensor_context(instance=instance))
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE
        # The daemon's next look; where the run could still say that it was interrupted, this tells of it.
        failures = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        event = failures[-1].get_dagster_event()
        context = dg.build_run_status_sensor_context(failed_runs.name, event, instance, run)
        failed_runs(context.for_run_failure())
    assert f"a run has failed (run {run_id})" in heard.read_text()
    assert TOKEN not in ui.log.read_text()
