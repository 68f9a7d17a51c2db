"""`make sync` as a person sees it: one screen, one message for a failure, an exit code, and no traceback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import dagster as dg
import pytest

from pipelines.assets.access import all_projects_still_readable
from pipelines.assets.raw import all_organizations_synced
from pipelines.automation import every_three_hours
from pipelines.commands.watching import describe
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.settings import ROOT, Settings
from tests.forked_python import forked_python
from tests.notify.receiver import command, told
from tests.pipeline.conftest import SETTINGS, Deployment

SCREEN = 55  # lines, with two organizations that failed


def sync(deployment: Deployment, **settings: str) -> tuple[int, str]:
    """Return exit code and screen."""
    environment = (
        os.environ
        | SETTINGS
        | {
            "SENTRY_URL": deployment.url,
            "DATA_DIR": str(deployment.data),
            "SEEDS_DIR": str(deployment.seeds),
            **settings,
        }
    )
    words = [forked_python(), "-m", "pipelines", "sync"]
    done = subprocess.run(
        words,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Where the output is no terminal, the progress before the end is a line each ten seconds.
    assert len(done.stdout.rpartition("Product health:")[2].splitlines()) <= SCREEN
    assert "Traceback" not in done.stdout
    assert TOKEN not in done.stdout
    return done.returncode, " ".join(done.stdout.split())


def test_a_sync_ends_with_the_products_what_is_missing_and_what_is_next(
    deployment: Deployment, sentry: FakeSentry
) -> None:
    project = next(p for p in sentry.world.projects.values() if p.slug == "checkout-web")
    sentry.world.set_access(project, False)
    live = (
        "select count(*) as n from marts.fct_issues "
        f"where project_id = '{project.id}' and status not in ('deleted', 'merged')"
    )
    [before] = deployment.read(live)
    count = len(sentry.world.projects)

    code, screen = sync(deployment)

    assert deployment.read(live) == [before]
    assert before["n"] > 0
    assert f"acme: {count - 1} of {count} projects can be read with this token" in screen
    assert "No longer: checkout-web. Their issues count as they were." in screen
    check = all_projects_still_readable(settings=Settings(data_dir=str(deployment.data)))
    assert (check.passed, check.severity.value) == (False, "WARN")
    assert (
        check.description
        == f"acme: {count - 1} of {count} projects can be read, no longer checkout-web"
    )
    assert code == 0
    for words in (
        "E-commerce Platform",
        "This incremental sync",
        "make suggest",
        "Published:",
        "make dev",
    ):
        assert words in screen
    assert "sync_sentry" in (deployment.data / "last_run.log").read_text()


def test_organizations_that_fail_are_said_with_the_reason_and_keep_their_old_data(
    deployment: Deployment, sentry: FakeSentry
) -> None:
    """One that was synced before, one that never was, and beside them one that is."""
    for slug in ("beta", "globex"):
        project = sentry.world.create_project(sentry.world.create_organization(slug), f"{slug}-api")
        sentry.world.create_issue(project, "TimeoutError: attempt")
    sentry.world.advance(hours=3)
    for slug in ("acme", "beta"):
        sentry.faults.add("403", f"/organizations/{slug}/projects/", times=1000)
    heard = deployment.data.parent / "heard"

    code, screen = sync(deployment, ON_FAILURE_COMMAND=command(heard))

    assert code == 3
    assert "acme was not synced; its data are of 2026-11-02" in screen
    assert "beta was not synced; it has no data" in screen
    assert "403" in screen
    [publication] = deployment.read("from marts.publication")
    messages = {
        (kind, run_id == publication["run_id"], text.split("\n")[1].partition(":")[0])
        for kind, run_id, text, _ in told(heard)
    }
    assert messages == {("partial", True, "acme"), ("partial", True, "beta")}
    check = all_organizations_synced(settings=Settings(data_dir=str(deployment.data)))
    assert (check.passed, check.severity.value) == (False, "WARN")
    freshness = {
        row["organization_slug"]: (row["status"], row["synced_at"])
        for row in deployment.read("from marts.organization_freshness")
    }
    assert {slug: status for slug, (status, _) in freshness.items()} == {
        "acme": "failed",
        "beta": "failed",
        "globex": "complete",
    }
    assert freshness["acme"][1] < freshness["globex"][1]
    *_, last = deployment.read("from marts.sync_runs order by started_at")
    assert (last["status"], last["failed_organizations"]) == ("partial", 2)
    assert "acme" in last["failures"]


def no_token(deployment: Deployment) -> dict[str, str]:
    return {"SENTRY_AUTH_TOKEN": ""}


def web_page(deployment: Deployment) -> dict[str, str]:
    return {"SENTRY_URL": f"{deployment.url}/welcome"}


def broken_catalog(deployment: Deployment) -> dict[str, str]:
    with (deployment.seeds / "products.csv").open("a", encoding="utf-8") as file:
        file.write("loop,Loop,loop,,,,\n")
    return {}


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (no_token, "SENTRY_AUTH_TOKEN is not set"),
        (web_page, "Check SENTRY_URL"),
        (broken_catalog, "a loop: loop > loop"),
    ],
)
def test_a_failure_ends_with_its_one_message(
    deployment: Deployment, cause: Callable[[Deployment], dict[str, str]], message: str
) -> None:
    before = deployment.published.read_bytes()
    heard = deployment.data.parent / "heard"
    code, screen = sync(deployment, ON_FAILURE_COMMAND=command(heard), **cause(deployment))
    assert code == 1
    assert screen.count(message) == 1
    [[kind, _, text, environment]] = told(heard)
    assert (kind, message in " ".join(text.split())) == ("failed", True)
    assert TOKEN not in str(environment)
    assert deployment.published.read_bytes() == before


def test_a_run_that_takes_too_long_is_told_and_blocks_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = deployment.published.read_bytes()
    heard = deployment.data.parent / "heard"
    code, screen = sync(deployment, ON_FAILURE_COMMAND=command(heard), RUN_TIMEOUT_HOURS="0.0003")
    message = "took longer than 0.0003 hours and was ended (RUN_TIMEOUT_HOURS)"
    assert (code, message in screen) == (1, True), screen
    assert "The sync failed" in screen
    [[kind, _, text, _]] = told(heard)
    assert (kind, message in text) == ("failed", True)
    assert deployment.published.read_bytes() == before
    monkeypatch.setenv("DATA_DIR", str(deployment.data))
    assert isinstance(every_three_hours(), dg.RunRequest)


def test_the_line_says_where_the_run_is_how_fast_and_how_long_it_may_take() -> None:
    facts = {
        "organization": "acme",
        "number": 2,
        "organizations": 3,
        "step": "issues",
        "done": 500,
        "total": 2000,
        "requests": 80,
        "seconds_rate_limited": 3.2,
    }
    assert describe(facts, 20, 10).split("  ", 1)[1] == (
        "acme (2 of 3): issues; 500 of 2,000; 80 requests, 4 a second; "
        "3 s waited for rate limits; about 0:30 to go"
    )
    assert describe({}, 0, 0).strip() == "0:00  starting"
