"""The sample world is believable, can be replayed, and fits the example catalog."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import requests

from pipelines.fake_sentry.bulk import bulk_world
from pipelines.fake_sentry.expected_issues import accepted_per_day, expected_issues
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN
from pipelines.fake_sentry.simulation import simulate

ROOT = Path(__file__).parents[2]


def mapped_patterns() -> list[str]:
    with (ROOT / "seeds" / "example" / "project_products.csv").open(encoding="utf-8") as file:
        return [row["project"] for row in csv.DictReader(file)]


def test_the_example_catalog_maps_all_projects_but_two() -> None:
    slugs = [project.slug for project in sample_world().projects.values()]

    assert all(any(fnmatchcase(slug, pattern) for slug in slugs) for pattern in mapped_patterns())
    unmapped = [s for s in slugs if not any(fnmatchcase(s, p) for p in mapped_patterns())]
    assert unmapped == ["beta-landing", "chatbot-poc"]


def test_the_same_seed_and_steps_give_the_same_world() -> None:
    lived = sample_world(5)
    simulate(lived)
    simulate(lived)

    assert expected_issues(lived) == expected_issues(sample_world(5, steps=2))
    assert expected_issues(lived) != expected_issues(sample_world(6, steps=2))


def test_the_history_is_consistent() -> None:
    world = sample_world()
    expected = expected_issues(world)

    assert 2000 <= len(expected) <= 3500
    for issue in expected.values():
        assert issue.first_seen_at <= issue.opened_at <= world.clock  # type: ignore[operator]
        assert issue.last_seen_at <= world.clock  # type: ignore[operator]
        assert (issue.resolved_at is not None) == (issue.status == "resolved"), issue
        if issue.resolved_at:
            assert issue.opened_at <= issue.resolved_at <= world.clock  # type: ignore[operator]
        assert sum(count for _, count in issue.daily_events) == issue.event_count
    for entry in (a for issue in world.issues.values() for a in issue.activities):
        assert entry.at <= world.clock


def test_few_issues_are_loud_and_weekends_are_quiet() -> None:
    world = sample_world()
    counts = sorted((i.times_seen for i in world.issues.values()), reverse=True)
    by_weekday: Counter[bool] = Counter()
    for (_, day), count in accepted_per_day(world).items():
        by_weekday[day.weekday() >= 5] += count

    assert sum(counts[: len(counts) // 10]) > sum(counts) / 2
    assert by_weekday[True] / 2 < by_weekday[False] / 5 * 0.8


def test_the_release_that_broke_the_checkout_shows_in_its_sessions_and_staging_is_for_nobody() -> (
    None
):
    world = sample_world()
    web = next(p for p in world.projects.values() if p.slug == "checkout-web")
    broken = next(i for i in web.issues.values() if "reading 'discount'" in i.title)
    sessions: Counter[tuple[date, bool]] = Counter()
    for (hour, status), count in web.sessions.items():
        sessions[hour.date(), status == "crashed"] += count
    crashed = {
        day: sessions[day, True] / (sessions[day, True] + sessions[day, False])
        for day in {day for day, _ in sessions}
    }
    assert max(crashed, key=crashed.__getitem__) == date(2026, 10, 29)
    assert crashed[date(2026, 10, 29)] > 0.02 > 10 * crashed[date(2026, 10, 28)]
    assert broken.first_release == "checkout-web@26.44.0"

    events = [(i, e) for i in world.issues.values() for e in i.events]
    staging = [i for i, e in events if e.environment == "staging"]
    assert 0.05 < len(staging) / len(events) < 0.2


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_in_the_first_three_hours_everything_happens_once(seed: int) -> None:
    world = sample_world(seed)
    before, now = expected_issues(world), world.clock
    simulate(world, 3)
    after = expected_issues(world)

    kept = [(before[i], after[i]) for i in before if after[i].removed is None]
    changes = Counter((old.status, new.status) for old, new in kept if old.status != new.status)
    assert changes["unresolved", "resolved"]
    assert changes["resolved", "unresolved"]
    assert changes["unresolved", "ignored"]
    assert any(new.substatus == "regressed" and old.status == "resolved" for old, new in kept)
    assert any(old.assignee != new.assignee for old, new in kept)
    assert any(
        new.event_count > old.event_count and new.last_seen_at == old.last_seen_at
        for old, new in kept
    )
    assert {issue.removed for issue in after.values()} >= {"merged", "deleted"}
    assert set(after) - set(before)
    assert {p.slug for p in world.projects.values()} - {
        p.slug for p in sample_world(seed).projects.values()
    } == {"payments-gateway"}
    assert all(issue.last_seen_at <= world.clock for issue in after.values() if issue.last_seen_at)
    assert all(
        a.at <= world.clock for i in world.issues.values() for a in i.activities if a.at > now
    )


def test_a_world_lives_for_weeks() -> None:
    world = sample_world(3, steps=60)

    assert len(world.issues) > 2500
    assert {gone.reason for gone in world.departed.values()} == {
        "merged",
        "deleted",
        "project_gone",
    }
    expected = expected_issues(world)
    assert all(expected[i.merged_into].removed is None for i in expected.values() if i.merged_into)


def test_a_bulk_world_has_what_was_asked_for() -> None:
    world = bulk_world(2000, 10, open_ratio=0.25, organizations=5)
    statuses = Counter(issue.status for issue in world.issues.values())

    assert len(world.issues) == 2000
    assert len(world.organizations) == 5
    assert 0.2 < statuses["unresolved"] / 2000 < 0.3
    assert expected_issues(world) == expected_issues(
        bulk_world(2000, 10, open_ratio=0.25, organizations=5)
    )


def test_the_survivor_of_a_chain_of_merges_is_the_last_one() -> None:
    world = SentryWorld()
    project = world.create_project(world.create_organization("acme"), "api")
    a, b, c = (world.create_issue(project) for _ in range(3))
    world.merge([a], b)
    world.merge([b], c)
    assert {expected_issues(world)[issue.id].merged_into for issue in (a, b)} == {c.id}
    world.delete_issue(c)

    assert {expected_issues(world)[issue.id].merged_into for issue in (a, b)} == {None}
    assert {expected_issues(world)[issue.id].removed for issue in (a, b)} == {"merged"}


def test_the_server_runs_by_itself_and_prints_its_address() -> None:
    command = [
        sys.executable,
        "-m",
        "pipelines.fake_sentry.server",
        "--steps",
        "1",
        "--flavour",
        "self-hosted",
    ]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.get(
            f"{url}/api/0/organizations/acme/issues/", headers=headers, timeout=60
        )
        server.terminate()

    assert answer.status_code == 200
    assert len(answer.json()) == 100
    assert answer.headers["Date"] == "Mon, 02 Nov 2026 12:00:00 GMT"
