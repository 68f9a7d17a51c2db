"""Whatever happens to a world, in whatever order, it stays one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.fake_sentry.entities import Issue, Project
from pipelines.fake_sentry.expected_issues import accepted_per_day, expected_issues
from pipelines.fake_sentry.sentry_world import SentryWorld

Deed = Callable[[SentryWorld, Random, Issue], object]
REOPENED = {"set_unresolved", "set_regression"}


def _past(world: SentryWorld, random: Random) -> timedelta:
    return timedelta(seconds=random.randrange(100 * 86_400))


def _merge(world: SentryWorld, random: Random, issue: Issue) -> None:
    siblings = list(issue.project.issues.values())
    world.merge(random.sample(siblings, min(3, len(siblings))), issue)


def _move(world: SentryWorld, random: Random, issue: Issue) -> None:
    homes = [o for o in world.organizations.values() if o.slug != issue.project.organization]
    world.transfer_project(issue.project, random.choice(homes))


DEEDS: dict[str, Deed] = {
    "new": lambda w, r, i: w.create_issue(i.project, count=r.randrange(1, 9)),
    "new with old events": lambda w, r, i: w.create_issue(i.project, at=w.clock - _past(w, r)),
    "events": lambda w, r, i: w.add_events(i, r.randrange(1, 9), users=r.randrange(5)),
    "late events": lambda w, r, i: w.add_events(i, 2, at=w.clock - _past(w, r)),
    "buffered events": lambda w, r, i: w.add_events(i, 3, buffered=True),
    "resolve": lambda w, r, i: w.resolve(i),
    "resolve in the next release": lambda w, r, i: w.resolve(i, in_next_release=True),
    "release": lambda w, r, i: w.publish_release([i.project], f"v{w.version}"),
    "unresolve": lambda w, r, i: w.unresolve(i),
    "archive": lambda w, r, i: w.archive(i),
    "snooze": lambda w, r, i: w.archive(i, until=w.clock + timedelta(hours=2)),
    "assign": lambda w, r, i: w.assign(i, r.choice(list(w.teams.values()))),
    "unassign": lambda w, r, i: w.unassign(i),
    "merge": _merge,
    "delete": lambda w, r, i: w.delete_issue(i),
    "rename": lambda w, r, i: w.rename_project(i.project, f"project-{w.version}"),
    "transfer": _move,
    "resolve by age": lambda w, r, i: w.set_resolve_age(i.project, timedelta(days=30)),
    "time": lambda w, r, i: w.advance(hours=r.randrange(1, 600)),
    "jobs": lambda w, r, i: w.run_jobs(),
}


def _lived(history: list[tuple[str, int]]) -> SentryWorld:
    world = SentryWorld()
    for slug in ("acme", "globex"):
        organization = world.create_organization(slug)
        team = world.create_team(organization, f"{slug}-team")
        project = world.create_project(organization, f"{slug}-api", teams=[team])
        for _ in range(3):
            world.create_issue(project)
    for deed, seed in history:
        random = Random(seed)
        if world.issues:
            DEEDS[deed](world, random, random.choice(list(world.issues.values())))
    world.flush_buffers()
    return world


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 2**16)), max_size=40))
def test_a_world_stays_consistent(history: list[tuple[str, int]]) -> None:
    world = _lived(history)
    expected = expected_issues(world)

    assert set(expected) == set(world.issues) | set(world.departed)
    assert not set(world.issues) & set(world.departed)
    for issue in world.issues.values():
        assert sum(count for _, count in expected[issue.id].daily_events) == issue.times_seen
        assert issue.events == sorted(issue.events, key=lambda events: events.at)
        assert issue.first_seen == issue.events[0].at
        assert issue.last_seen == issue.events[-1].at
        assert issue.first_seen <= issue.opened_at <= world.clock
        assert (issue.resolved_at is not None) == (issue.status == "resolved")
        assert world.projects[issue.project.id].issues[issue.id] is issue
    merged = [expected[i] for i in expected if expected[i].merged_into]
    assert all(expected[str(issue.merged_into)].removed is None for issue in merged)
    assert sum(accepted_per_day(world).values()) >= sum(i.times_seen for i in world.issues.values())


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted({*DEEDS} - {"merge"})), st.integers(0, 2**16)), max_size=40
    )
)
def test_the_activities_tell_when_an_issue_was_resolved(history: list[tuple[str, int]]) -> None:
    for issue in _lived(history).issues.values():
        resolved_at = None
        for entry in sorted(issue.activities, key=lambda a: (a.at, int(a.id))):
            if entry.type.startswith("set_resolved"):
                resolved_at = entry.at
            elif entry.type in REOPENED or entry.type == "set_ignored":
                resolved_at = None
        assert issue.resolved_at == resolved_at


def test_short_ids_count_in_base_32() -> None:
    world = SentryWorld()
    project: Project = world.create_project(world.create_organization("acme"), "api")
    for _ in range(40):
        world.create_issue(project)

    expected = expected_issues(world).values()

    assert [issue.short_id for issue in expected][9:12] == ["API-A", "API-B", "API-C"]
    assert [issue.short_id for issue in expected][31:34] == ["API-10", "API-11", "API-12"]
