"""The wiring: one lineage, and when what runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines.assets.raw import sentry_tables
from pipelines.automation import catalog_sensor, every_three_hours
from pipelines.definitions import defs
from pipelines.resources import explained
from pipelines.sentry.errors import TokenRefusedError, UnavailableError
from pipelines.settings import ROOT
from pipelines.warehouse.lock import run_lock


def test_the_code_location_loads_without_token_network_or_data(tmp_path: Path) -> None:
    code = "import pipelines.definitions as d; print(len(d.defs.resolve_asset_graph().get_all_asset_keys()))"
    environment = {"PATH": "", "HOME": str(tmp_path), "DATA_DIR": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30
    assert list(tmp_path.iterdir()) == []


def test_every_dbt_source_is_an_asset_that_something_here_makes() -> None:
    external = {key.to_user_string() for key in defs.resolve_asset_graph().external_asset_keys}
    # The run log is written by the run itself.
    assert external == {"ops/sync_runs", "ops/earlier_sync_runs"}


def test_the_published_file_stands_at_the_end_of_every_line_from_the_api() -> None:
    graph = defs.resolve_asset_graph()
    end = dg.AssetKey("product_health")
    upstream = dg.AssetSelection.assets(end).upstream().resolve(graph)
    marts = {key for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert marts <= upstream
    assert dg.AssetKey(["sentry", "issues"]) in upstream
    assert dg.AssetKey(["seeds", "products"]) in upstream


def test_the_source_runs_without_dagster_or_dbt() -> None:
    code = (
        "import sys, pipelines.sentry.source, pipelines.catalog, pipelines.publish, pipelines.warehouse.run_log, "
        "pipelines.fake_sentry.server; sys.exit(bool({'dagster', 'dbt'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_schedule_skips_while_a_run_holds_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert isinstance(every_three_hours(), dg.RunRequest)
    with run_lock(tmp_path / "warehouse.duckdb", "run 1a2b"):
        skipped = every_three_hours()
    assert isinstance(skipped, dg.SkipReason)
    assert "run 1a2b" in str(skipped.skip_message)
    assert isinstance(every_three_hours(), dg.RunRequest)


@pytest.mark.parametrize(
    ("error", "scheduled", "again"),
    [
        (UnavailableError("down"), True, True),
        (UnavailableError("down"), False, False),  # somebody waits for it
        (TokenRefusedError("mistyped"), True, False),
        (KeyError("a mistake of ours"), True, False),
    ],
)
def test_only_a_server_that_was_not_to_be_reached_is_asked_again_later(
    error: Exception, scheduled: bool, again: bool
) -> None:
    with pytest.raises(dg.Failure) as failed, explained(retries=scheduled):
        raise error
    assert failed.value.allow_retries is again
    assert sentry_tables.op.retry_policy is not None


def test_the_schedule_is_every_three_hours_and_on_by_default() -> None:
    assert every_three_hours.cron_schedule == "0 */3 * * *"
    assert every_three_hours.default_status == dg.DefaultScheduleStatus.RUNNING


def test_the_sensor_notices_content_and_not_time_stamps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    file = seeds / "products.csv"
    file.write_text("product_id,name\na,A\n", encoding="utf-8")
    monkeypatch.setenv("SEEDS_DIR", str(seeds))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with dg.instance_for_test() as instance:

        def tick(cursor: str | None) -> dg.SensorResult | dg.SkipReason:
            return catalog_sensor(dg.build_sensor_context(instance=instance, cursor=cursor))

        assert isinstance(tick(None), dg.SkipReason), "nothing is published yet"
        (tmp_path / "product_health.duckdb").touch()
        assert isinstance(tick(None), dg.SkipReason), "published since the last edit"
        os.utime(file, (time.time() + 60, time.time() + 60))
        noticed = tick(None)
        assert isinstance(noticed, dg.SensorResult)
        assert noticed.run_requests
        file.touch()
        assert isinstance(tick(noticed.cursor), dg.SkipReason)
        file.write_text("product_id,name\nb,B\n", encoding="utf-8")
        assert isinstance(tick(noticed.cursor), dg.SensorResult)
