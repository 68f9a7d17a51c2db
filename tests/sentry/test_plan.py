"""The plan is pure, so its promises hold for any organization that hypothesis can think of."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.sentry import plan
from pipelines.sentry.dialect import (
    CURRENT_SENTRY,
    GLITCHTIP,
    ONE_PROJECT_AT_A_TIME,
    SENTRY_9,
    Dialect,
)
from pipelines.sentry.plan import IssueToRead, Listing, OrganizationState

NOW = datetime(2026, 11, 2, 9)
WEIGHTS = st.dictionaries(st.integers(1, 10**6).map(str), st.integers(0, 10**5), max_size=300)
DIALECTS = st.sampled_from([CURRENT_SENTRY, ONE_PROJECT_AT_A_TIME, SENTRY_9, GLITCHTIP])
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))


@given(WEIGHTS, DIALECTS, st.integers(1, 20))
def test_slices_cover_every_project_exactly_once(
    weights: dict[str, int], dialect: Dialect, concurrency: int
) -> None:
    slices = plan.slices(weights, dialect, concurrency)

    if slices == [()]:  # which means all
        assert weights
        return
    assert sorted(p for group in slices for p in group) == sorted(weights)
    assert all(0 < len(group) <= 100 for group in slices)


@given(
    st.dictionaries(st.integers().map(str), st.integers(0, 10**5), min_size=1), st.integers(1, 50)
)
def test_no_group_is_heavier_than_the_average_and_its_lightest_member_allow(
    weights: dict[str, int], count: int
) -> None:
    groups = plan.balance(weights, count)

    average = sum(weights.values()) / count
    for group in groups:
        rows = [weights[key] for key in group]
        assert sum(rows) - min(rows) <= average


@given(WEIGHTS)
def test_a_big_organization_is_sliced_below_what_sentry_can_search_in_time(
    weights: dict[str, int],
) -> None:
    for group in plan.slices(weights, CURRENT_SENTRY, 5):
        rows = sum(weights[project] for project in group or weights)
        heaviest = max((weights[p] for p in group), default=0)
        assert rows <= 2 * plan.ROWS_PER_SLICE + heaviest


@given(
    TIMES, st.integers(1, 90 * 24), st.lists(st.integers(1, 999).map(str), unique=True, min_size=1)
)
def test_halves_lose_no_project_and_no_moment(
    end: datetime, hours: int, projects: list[str]
) -> None:
    whole = Listing("all", tuple(projects), end - timedelta(hours=hours), end)
    leaves, waiting = [], [whole]
    while waiting:
        listing = waiting.pop()
        parts = plan.halves(listing, CURRENT_SENTRY, projects)
        if parts is None:
            leaves.append(listing)
        else:
            waiting.extend(parts)

    for project in projects:
        windows = sorted((x.start, x.end) for x in leaves if x.projects == (project,))
        assert windows[0][0] == whole.start
        assert windows[-1][1] == whole.end
        assert all(a[1] == b[0] for a, b in itertools.pairwise(windows))
    assert len(leaves) <= len(projects) * 128


def test_where_the_window_is_not_one_of_events_only_projects_are_split() -> None:
    listing = Listing("all", (), NOW - timedelta(days=90), NOW)

    assert plan.halves(listing, GLITCHTIP, ["1"]) is None
    assert plan.halves(replace(listing, projects=("1",)), SENTRY_9, ["1"]) is None
    parts = plan.halves(listing, GLITCHTIP, ["1", "2"])
    assert parts is not None
    assert [part.projects for part in parts] == [("1",), ("2",)]


@given(WEIGHTS, DIALECTS)
def test_batches_hold_every_id_once_and_never_too_many(
    issues: dict[str, int], dialect: Dialect
) -> None:
    wanted = [IssueToRead(issue, str(number % 7), False) for issue, number in issues.items()]
    wanted.sort(key=lambda issue: issue.project_id)

    batches = list(plan.batches(wanted, dialect))

    assert [issue for _, batch in batches for issue in batch] == wanted
    size = plan.BATCH if dialect.batch else 1
    assert all(0 < len(batch) <= size for _, batch in batches)
    if not dialect.many_projects:
        assert all(i.project_id == project for project, batch in batches for i in batch)


@given(TIMES, st.integers(0, 400), st.sets(st.sampled_from("abcdef")), DIALECTS)
def test_an_incremental_sync_reads_hot_and_open_of_all_projects_and_all_of_the_new(
    watermark: datetime, hours: int, new: set[str], dialect: Dialect
) -> None:
    as_of = watermark + timedelta(hours=hours)
    state = OrganizationState(watermark, watermark)

    listings = plan.listings(
        "incremental", dialect, state, as_of, list("abcdef"), {}, 5, new_projects=new
    )

    covered = {
        reason: {p for x in listings if x.reason == reason for p in x.projects or "abcdef"}
        for reason in ("hot", "open", "all")
    }
    assert covered == {"hot": set("abcdef"), "open": set("abcdef"), "all": new}
    hot = [x for x in listings if x.reason == "hot"]
    assert all(x.start <= watermark - timedelta(hours=1) for x in hot)
    assert {x.end for x in listings} == {as_of + timedelta(minutes=1)}


def test_a_clock_put_back_does_not_turn_the_window_inside_out() -> None:
    state = OrganizationState(NOW, NOW)

    listings = plan.listings(
        "incremental", CURRENT_SENTRY, state, NOW - timedelta(days=3), ["1"], {}, 5
    )

    assert all(x.start < x.end for x in listings)


@given(st.integers(0, 100))
def test_a_sync_is_full_at_first_and_whenever_the_last_full_one_is_old(hours: int) -> None:
    day = timedelta(hours=24)
    swept = OrganizationState(NOW, NOW - timedelta(hours=hours))

    assert plan.choose_mode(OrganizationState(), NOW, day) == "full"
    assert plan.choose_mode(swept, NOW, day) == ("full" if hours >= 24 else "incremental")


@given(DIALECTS, st.sampled_from(["hot", "open", "all"]))
def test_every_request_says_which_issues_it_wants_and_in_which_order(
    dialect: Dialect, reason: plan.Reason
) -> None:
    listing = Listing(reason, ("1",), NOW - timedelta(hours=4), NOW)

    path, params = plan.request_of(listing, dialect, "acme", {"1": "api"})

    assert "query" in params  # without it Sentry shows the unresolved only
    assert ("is:unresolved" in params["query"]) == (reason == "open")
    assert params["limit"] == 100
    assert params["sort"] in ("new", "-last_seen", "-first_seen")
    assert "statsPeriod" not in params or dialect is SENTRY_9
    assert path.endswith("/issues/")


def test_hidden_categories_are_asked_for_by_name() -> None:
    listings = plan.listings(
        "full", CURRENT_SENTRY, OrganizationState(), NOW, ["1"], {}, 5, ["feedback"]
    )
    queries = [plan.request_of(x, CURRENT_SENTRY, "acme", {})[1]["query"] for x in listings]

    assert queries == ["", "issue.category:feedback"]


def test_production_is_asked_for_among_the_open_and_the_hot_issues_and_only_ids_are_wanted() -> (
    None
):
    at = OrganizationState(NOW - timedelta(hours=3), NOW - timedelta(hours=3))
    asked = (NOW, ["1", "2"], {}, 5, ["feedback"], ("production", "live"))
    planned = plan.production_listings(CURRENT_SENTRY, at, *asked)
    assert [(each.reason, each.category) for each in planned] == [
        ("hot", None), ("hot", "feedback"), ("open", None), ("open", "feedback")
    ]  # fmt: skip
    _, params = plan.request_of(planned[2], CURRENT_SENTRY, "acme", {})
    assert params["environment"] == ["production", "live"]
    assert "stats" in params["collapse"]
    first = plan.production_listings(CURRENT_SENTRY, OrganizationState(), *asked)
    assert {each.reason for each in first} == {"open"}
