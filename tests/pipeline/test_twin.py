"""A warehouse that is lost comes back from Sentry and the last publication: as if it had never been away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.pipeline.conftest import Deployment, failure_texts

# What tells of the runs themselves, and what no publication holds.
OF_THE_RUN = {"publication", "sync_runs"}


def marts(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    """Every row of every published table, but those about the runs."""
    names = deployment.read("select table_name from information_schema.tables order by 1")
    tables = {name for row in names for name in row.values()} - OF_THE_RUN
    return {
        name: deployment.read(
            f"select columns(lambda c: c != '_dlt_load_id') from marts.{name} order by all"
        )
        for name in sorted(tables)
    }


def sync(deployment: Deployment, **settings: str) -> None:
    result = deployment.run(FULL_SYNC_HOURS="0", **settings)
    assert result.success, failure_texts(result)


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
    go_on(world)


def go_on(world: SentryWorld) -> None:
    """An hour in which issues are resolved, archived, reopened, deleted and new."""
    first, second, third, fourth, *_ = issues(world, "unresolved")
    world.resolve(first)
    world.archive(second)
    world.add_events(third, 5)
    world.delete_issue(fourth)
    world.unresolve(issues(world, "resolved")[-1])
    world.create_issue(third.project, "IndexError: list index out of range")
    world.advance(hours=1)


def test_twin(
    deployment: Deployment, world: SentryWorld, sentry: FakeSentry, tmp_path: Path
) -> None:
    three_months_pass(world, deployment)
    sync(deployment)
    runs = deployment.read("from marts.sync_runs order by started_at")
    rebuilt = deployment.copy(tmp_path / "rebuilt", sentry.url)
    rebuilt.warehouse.unlink()
    go_on(world)

    for each in (deployment, rebuilt):
        sync(each)

    found, expected = marts(rebuilt), marts(deployment)
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name] == expected[name], name
    assert rebuilt.read("from marts.sync_runs order by started_at")[:-1] == runs
