"""`make init` drafts a catalog from a Sentry, and writes it only where no rows are."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalog import SentryProject, check
from pipelines.catalog.mapping import Matcher
from pipelines.commands.init import init
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.settings import Settings


def world_by_team() -> SentryWorld:
    return sample_world()


def world_by_prefix() -> SentryWorld:
    world = SentryWorld()
    for slug in ("globex", "initech"):
        organization = world.create_organization(slug)
        for area in ("store-cart", "store-search", "crm-leads"):
            for part in ("api", "web", "ios"):
                world.create_project(organization, f"{slug}-{area}-{part}")
        world.create_project(organization, "status-page")
    return world


def world_of_chaos() -> SentryWorld:
    world = SentryWorld()
    names = (
        "api",
        "web",
        "API2",
        "pay",
        "pay-",
        "pay--x",
        "pay-é",
        "pay-*",
        "_x",
        "a.b",
        "1",
        "é*",
    )
    for slug in ("api", "pay"):
        organization = world.create_organization(slug)
        teams = [world.create_team(organization, team) for team in ("api", "pay", "x", "y", "all")]
        for number, name in enumerate(names):
            owners = teams[number % 6 :] if number % 2 else []
            world.create_project(organization, name, teams=owners)
    return world


WORLDS = [world_by_team, world_by_prefix, world_of_chaos]


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return tmp_path / "seeds"


def settings(seeds: Path, url: str) -> Settings:
    return Settings(sentry_url=url, sentry_auth_token=TOKEN, seeds_dir=seeds, _env_file=None)


@pytest.mark.parametrize("flavour", ["self-hosted", "glitchtip"])
@pytest.mark.parametrize("make", WORLDS)
def test_the_draft_of_each_world_is_valid_and_maps_what_a_row_can_name(
    make: Callable[[], SentryWorld], flavour: str, seeds: Path
) -> None:
    world = make()
    with FakeSentry(world, flavour) as sentry:
        assert init(settings(seeds, sentry.url)) == 0
        assert len(sentry.requests) < 10
    live = [
        SentryProject.from_row(p.organization, p.slug, None, False) for p in world.projects.values()
    ]
    checked = check(seeds, live)
    assert checked.catalog, checked.errors
    matcher = Matcher(checked.catalog.project_products)
    unmapped = {project.slug for project in live if not matcher.deciding(project)}
    assert unmapped == {p.slug for p in live if not p.slug.isascii() or "*" in p.slug}


def test_files_that_hold_rows_are_left_alone_and_the_draft_is_printed(
    seeds: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seeds.mkdir()
    (seeds / "products.csv").write_text("product_id,name\n")
    (seeds / "project_products.csv").write_text("organization,project,product_id\n,mine,own\n")
    before = {path: path.read_bytes() for path in seeds.iterdir()}
    with FakeSentry(world_by_prefix()) as sentry:
        assert init(settings(seeds, sentry.url)) == 0
        printed = capfd.readouterr().out
        assert {path: path.read_bytes() for path in seeds.iterdir()} == before
        assert "globex,globex-crm-leads-*,crm-leads" in printed or "globex,globex-crm-*" in printed
        assert "project_products.csv holds rows" in printed
        (seeds / "project_products.csv").write_text("\n")
        (seeds / "sla_targets.csv").write_text("priority,resolve_within_hours\nhigh,1\n")
        assert init(settings(seeds, sentry.url)) == 0
    assert check(seeds).catalog
    assert (seeds / "sla_targets.csv").read_text().endswith("high,1\n")


def test_what_cannot_be_read_or_written_is_one_message(
    seeds: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with FakeSentry(world_by_prefix()) as sentry:
        sentry.faults.add("403", "/globex/projects/", times=math.inf)
        assert init(settings(seeds, sentry.url)) == 0
        assert "globex is not in the draft" in capfd.readouterr().out
        assert "globex" not in (seeds / "project_products.csv").read_text()
        sentry.faults.add("403", "/organizations/", times=math.inf)
        assert init(settings(seeds, sentry.url)) == 1
        sentry.faults.clear()
        seeds = seeds / "products.csv" / "below"
        capfd.readouterr()
        assert init(settings(seeds, sentry.url)) == 1
        assert "cannot be written" in capfd.readouterr().out
