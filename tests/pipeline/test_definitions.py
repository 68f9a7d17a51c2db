"""The wiring: one lineage, and when what runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines import models
from pipelines.assets.models import PROJECT, TRANSLATOR
from pipelines.assets.raw import sentry_tables
from pipelines.automation import catalog_sensor, every_three_hours, failed_runs, overdue_syncs
from pipelines.definitions import defs
from pipelines.notify.failures import KILLED
from pipelines.resources import explained
from pipelines.sentry.errors import TokenRefusedError, UnavailableError
from pipelines.settings import ROOT
from pipelines.warehouse.lock import run_lock
from tests.commands.small_publication import write_published
from tests.notify.receiver import command, told


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


def test_the_kind_of_a_model_is_what_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = json.loads(models.manifest().read_bytes())
    for engine in ("", "spark"):
        monkeypatch.setenv("MODELS_ON", engine)
        name = "model.sentry_by_product.dim_products"
        spec = TRANSLATOR.get_asset_spec(manifest, name, PROJECT)
        assert spec.kinds == {"dbt", engine or "duckdb"}


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


def test_no_configuration_of_a_run_can_name_a_path_or_a_program() -> None:
    def leaves(kind: Any, path: str) -> Iterator[str]:
        """Every place of the schema that takes a value."""
        fields = getattr(kind, "fields", None) or {}
        for name, field in fields.items():
            yield from leaves(field.config_type, f"{path}.{name}")
        if not fields:
            yield path

    for job in defs.get_repository_def().get_all_jobs():
        schema = job.run_config_schema.config_type
        found = {leaf for leaf in leaves(schema, "") if leaf.startswith((".ops", ".resources"))}
        # Empty, or looked at by nobody.
        assert {leaf.partition(".config")[2] for leaf in found} == {""}


@pytest.mark.parametrize(
    ("age", "is_late"),
    [
        (timedelta(hours=4), False),  # one that did not come
        (timedelta(hours=7), True),
        (timedelta(days=-2), False),  # this machine's clock was set back, or Sentry's is ahead
    ],
)
def test_a_sync_that_did_not_come_for_two_intervals_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: timedelta, is_late: bool
) -> None:
    heard = tmp_path / "heard"
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ON_FAILURE_COMMAND", command(heard))
    as_of = datetime.now(UTC).replace(tzinfo=None) - age
    with dg.instance_for_test() as instance:

        def look() -> str:
            found = overdue_syncs(dg.build_sensor_context(instance=instance))
            assert isinstance(found, dg.SkipReason)
            return str(found.skip_message)

        assert look() == "All is as it should be."  # nothing was ever published
        write_published(
            f"create table marts.publication as select '{as_of}'::timestamp as as_of", tmp_path
        )
        with run_lock(tmp_path / "warehouse.duckdb", "run 1a2b"):
            assert "run 1a2b" in look()
        assert told(heard) == []
        for _ in range(2):
            assert look().startswith("What is published is as of") is is_late
    assert [kind for kind, *_ in told(heard)] == ["late"] * is_late


def test_a_run_that_failed_is_told_once_by_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ON_FAILURE_COMMAND", command(heard))
    job = defs.resolve_job_def("sync_sentry")
    with dg.instance_for_test() as instance:
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        context = dg.build_run_status_sensor_context(
            failed_runs.name, instance.report_run_failed(run), instance, run
        )
        for _ in range(2):
            failed_runs(context.for_run_failure())
    [[kind, run_id, text, _]] = told(heard)
    assert (kind, run_id, KILLED in text) == ("failed", run.run_id, True)
