"""A whole installation, backed up while a sync runs: put back elsewhere, rebuilt without its warehouse, damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.__main__ import main
from pipelines.backup import Backup, backups
from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.run_job import failure_of
from tests.pipeline.conftest import Deployment, failure_texts
from tests.pipeline.test_killed_runs import sync, wait_for

BLOCK = 262_144  # bytes, of a DuckDB file


@dataclass(frozen=True)
class Later:
    """An installation three months after its first sync, and the backup that was made beside its second."""

    deployment: Deployment
    backup: Backup
    said: str


@pytest.fixture(scope="module")
def later(first: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Later]:
    """Not to be changed: copy it."""
    world = sample_world()
    with FakeSentry(world, "self-hosted") as sentry, pytest.MonkeyPatch.context() as patch:
        deployment = first.copy(tmp_path_factory.mktemp("later"), sentry.url)
        patch.setenv("DATA_DIR", str(deployment.data))
        patch.setenv("SEEDS_DIR", str(deployment.seeds))
        patch.setenv("BACKUP_DIR", str(deployment.data.parent / "backups"))
        three_months_pass(world, deployment)
        running = sync(deployment)
        wait_for(lambda: len(sentry.requests) > 5, running)
        said: list[str] = []
        patch.setattr("builtins.print", lambda text, **_: said.append(text))
        assert main(["backup"]) == 0
        assert running.wait(60) == 0
        (backup,) = backups(deployment.data.parent / "backups")
        yield Later(deployment, backup, "\n".join(said))


def issues(world: SentryWorld, status: str) -> list[Issue]:
    """Issues that are there and have this status, project by project."""
    return [
        issue
        for project in world.projects.values()
        for issue in project.issues.values()
        if issue.status == status
    ]


def three_months_pass(world: SentryWorld, deployment: Deployment) -> None:
    """Issues come to an end of which Sentry keeps no trace; most of the others it no longer lists."""
    projects = [each for each in world.projects.values() if len(each.issues) > 20]
    deleted, merged, *_ = issues(world, "unresolved")
    world.delete_issue(deleted)
    world.merge([merged], next(each for each in merged.project.issues.values() if each != merged))
    world.rename_project(projects[1], "renamed")
    world.delete_project(projects[2])
    products = deployment.seeds / "products.csv"
    products.write_text(products.read_text().replace(",supply,", ",depot,"))
    world.advance(days=95)
    world.add_events(issues(world, "unresolved")[0], 5)
    world.archive(issues(world, "unresolved")[1])


# What a rebuild has to ask Sentry for anew: users with the next sync, and an issue's days of before
# the last 14, which then stay with the product of its project.
NOT_BROUGHT_BACK = ("unique_users_7d", "unique_users_30d", "event_count", "own_event_count")


def marts(deployment: Deployment, *without: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every published table, but those about the runs."""
    names = deployment.read("select table_name from information_schema.tables order by 1")
    tables = {name for row in names for name in row.values()} - {"publication", "sync_runs"}
    names_without = ["_dlt_load_id", *without]  # the first: by the host's clock
    columns = f"columns(lambda c: c not in {names_without})"
    return {
        name: deployment.read(f"select {columns} from marts.{name} order by all")
        for name in sorted(tables)
    }


def test_a_backup_beside_a_sync_waits_and_gives_equal_numbers_elsewhere(
    later: Later, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Waiting until run" in later.said
    other = Deployment(tmp_path / "data", tmp_path / "seeds", "")
    monkeypatch.setenv("DATA_DIR", str(other.data))
    monkeypatch.setenv("SEEDS_DIR", str(other.seeds))

    assert main(["restore", str(later.backup.folder)]) == 0

    assert marts(other) == marts(later.deployment)
    assert other.read("from marts.sync_runs") == later.deployment.read("from marts.sync_runs")


def test_without_its_warehouse_everything_comes_back_from_sentry_and_the_publication(
    later: Later, tmp_path: Path
) -> None:
    """Without reading one list of activities again: what was published is enough."""
    rebuilt = later.deployment.copy(tmp_path, later.deployment.url)
    rebuilt.warehouse.unlink()

    result = rebuilt.run(FULL_SYNC_HOURS="0", ACTIVITY_REQUESTS_PER_RUN="0")

    assert result.success, failure_texts(result)
    found = marts(rebuilt, *NOT_BROUGHT_BACK)
    expected = marts(later.deployment, *NOT_BROUGHT_BACK)
    assert any(row["valid_to"] for row in expected["product_history"])
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name] == expected[name], name
    log = "from marts.sync_runs order by run_id"
    earlier = later.deployment.read(log)
    assert [row for row in rebuilt.read(log) if row in earlier] == earlier


def test_damage_that_only_the_models_meet_ends_the_run_in_one_message(
    later: Later, tmp_path: Path
) -> None:
    damaged = later.deployment.copy(tmp_path, "")
    with damaged.warehouse.open("r+b") as file:
        # A bit of every block but the first few, which hold the catalog.
        for offset in range(4 * BLOCK, damaged.warehouse.stat().st_size - BLOCK, BLOCK):
            file.seek(offset)
            byte = file.read(1)
            file.seek(offset)
            file.write(bytes([byte[0] ^ 1]))

    result = damaged.run("rebuild_marts")

    message = failure_of(result.all_events)
    assert "warehouse.duckdb is damaged (Corrupt database file" in message
    assert "make restore" in message
    assert "\n" not in message
