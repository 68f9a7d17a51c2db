"""The sample world is the company that `pipelines.fake_sentry.sample` and `troubles` tell of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import mean, median

import pytest

from pipelines.fake_sentry.entities import Issue
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.troubles import BROKEN_COUPONS, COUPONS_AGAIN
from pipelines.settings import ROOT
from tests.pipeline import walk
from tests.pipeline.conftest import Deployment

SEEDS = ROOT / "seeds" / "example"
DAY = timedelta(days=1)


@dataclass
class Company:
    world: SentryWorld
    products: dict[str, walk.Product]
    targets: walk.Targets

    def issues(self, product_id: str) -> list[Issue]:
        return self.products[product_id].issues

    def numbers(self, product_id: str) -> dict[str, int]:
        return walk.overview(self.world, self.products[product_id], self.targets, "")

    def resolves(self) -> list[tuple[datetime, bool]]:
        """Return (resolved at, is within the target) of every resolve in a product."""
        return [
            (at, hours <= (walk.target(self.targets, product, issue) or 0))
            for product_id, product in self.products.items()
            for issue in self.issues(product_id)
            for at, hours in walk.resolves(issue)
        ]


@pytest.fixture(scope="module", params=[1, 7, 42])
def company(request: pytest.FixtureRequest) -> Company:
    world, products = sample_world(request.param), walk.read_products(SEEDS)
    walk.assign(world, products, SEEDS)
    return Company(world, products, walk.read_targets(SEEDS))


def test_people_fix_at_a_steady_pace_and_rest_on_weekends(company: Company) -> None:
    per_day = Counter(at.date() for at, _ in company.resolves())
    monday = company.world.clock.date()
    weeks = [
        [per_day[monday - week * 7 * DAY + day * DAY] for day in range(7)] for week in range(1, 13)
    ]
    working = [number for week in weeks for number in week[:5]]
    pace = median(working)

    assert 20 < pace < 50
    assert pace / 3 < min(working)
    assert max(working) < 2 * pace
    assert all(0.7 < sum(week) / mean(map(sum, weeks)) < 1.3 for week in weeks)
    assert mean(number for week in weeks for number in week[5:]) < pace / 5


def test_most_targets_are_met_and_some_are_not(company: Company) -> None:
    months: dict[date, list[bool]] = {}
    for at, is_met in company.resolves():
        months.setdefault(at.date().replace(day=1), []).append(is_met)
    ratios = [mean(met) for met in months.values() if len(met) > 100]

    assert len(ratios) == 3
    assert all(0.6 < ratio < 0.95 for ratio in ratios)


def test_most_open_issues_are_young_and_a_few_forgotten(company: Company) -> None:
    ages = [
        company.world.clock - walk.opened_at(issue)
        for product_id in company.products
        for issue in company.issues(product_id)
        if company.world.shown_status(issue) == "unresolved"
    ]

    assert 80 < len(ages) < 250
    assert sum(age < 7 * DAY for age in ages) > len(ages) / 2
    assert 0.1 < sum(age > 30 * DAY for age in ages) / len(ages) < 0.4
    assert max(ages) > 120 * DAY


def test_one_product_gets_worse_one_better_and_one_is_switched_off(company: Company) -> None:
    worse, better, off = map(
        company.numbers, ("checkout-flow", "product-catalog", "legacy-reports")
    )

    assert worse["events_7d"] > 1.5 * worse["events_previous_7d"]
    assert better["events_7d"] < 0.75 * better["events_previous_7d"]
    assert (off["events_7d"], off["events_previous_7d"], off["unresolved_issues"]) == (0, 0, 0)
    assert off["total_issues"] > 0


def test_the_coupons_broke_were_mended_and_broke_again(company: Company) -> None:
    [coupons] = [i for i in company.issues("checkout-flow") if i.first_seen == BROKEN_COUPONS]
    statuses = [status for _, _, status in walk.history(coupons)]

    assert statuses == ["resolved", "open"]
    assert (coupons.first_release, coupons.substatus) == ("checkout-web@26.44.0", "regressed")
    assert coupons.last_release == "checkout-web@26.44.1"


def test_the_next_days_go_on_like_the_days_before() -> None:
    """From Monday 9:00 to Saturday 9:00."""
    now = sample_world(steps=40)
    start = now.clock - 5 * DAY
    lately = [(a.at, a.type) for i in now.issues.values() for a in i.activities if a.at > start]
    resolved = [at for at, kind in lately if kind.startswith("set_resolved")]
    at_work = [at for at in resolved if at.weekday() < 5 and 7 <= at.hour < 17]

    assert 100 < len(resolved) < 300
    assert 0.8 < len(at_work) / len(resolved) < 1
    assert 3 <= sum(kind == "set_regression" for _, kind in lately) < 30
    assert 100 < sum(issue.first_seen > start for issue in now.issues.values()) < 250
    assert 80 < sum(issue.status == "unresolved" for issue in now.issues.values()) < 250


def test_a_third_of_the_products_is_healthy_and_few_are_critical(first: Deployment) -> None:
    rows = first.read("select product_id, health from marts.product_overview where is_active")
    health = {row["product_id"]: row["health"] for row in rows}
    months = first.read(
        "select sum(met_issues) / sum(resolved_issues) as ratio from marts.sla_compliance "
        "where month_on >= '2026-08-01' group by month_on"
    )

    counts = Counter(health.values())
    assert counts.keys() == {"healthy", "at_risk", "critical"}
    assert 4 <= counts["healthy"] <= 5
    assert 0 < counts["critical"] <= len(health) / 5
    assert (health["checkout-flow"], health["product-catalog"]) == ("critical", "healthy")
    assert all(0.6 < month["ratio"] < 0.95 for month in months)


def test_reasons_and_movers_alone_say_what_happened(first: Deployment) -> None:
    """The coupons broke on Thursday and again on Sunday, sign-in since Sunday noon; the search was mended before."""
    reasons = {
        row["product_id"]: row["health_reason"]
        for row in first.read("select product_id, health_reason from marts.product_overview")
    }
    movers = first.read(
        "select product_id, change, split_part(title, ':', 1) as error, status, first_seen_at, opened_at,"
        " events_7d > events_previous_7d as is_up"
        " from marts.product_movers where mover_rank <= 4 order by product_id, mover_rank"
    )
    by_product: dict[str, list[dict[str, object]]] = {}
    for row in movers:
        by_product.setdefault(row["product_id"], []).append(row)

    assert reasons["checkout-flow"].startswith("3 high or fatal issues are late")
    coupons, *others = by_product["checkout-flow"]
    assert (coupons["change"], coupons["error"]) == ("regressed", "TypeError")
    assert coupons["first_seen_at"] == BROKEN_COUPONS.replace(tzinfo=None)
    assert coupons["opened_at"] == COUPONS_AGAIN.replace(tzinfo=None)
    assert {row["change"] for row in others} == {"new"}
    assert by_product["ecommerce"][0]["error"] == "TypeError"
    assert reasons["authentication"].startswith("1 high or fatal issue has used 80 %")
    assert ("new", "KeyError") in {(r["change"], r["error"]) for r in by_product["authentication"]}
    mended = [row for row in by_product["product-catalog"] if row["change"] == "falling"]
    assert {"SocketTimeoutException"} <= {row["error"] for row in mended}
    assert {(row["status"], row["is_up"]) for row in mended} == {("resolved", False)}


def test_ten_times_the_users_and_events_outrank_mere_lateness(first: Deployment) -> None:
    """So 194 users and 606 events come before 15 and 11, all but the time over the target equal."""
    pairs = first.read(
        """
        select more.triage_rank < fewer.triage_rank as is_first, fewer.sla_points > more.sla_points as is_later
        from marts.triage_queue as more
        inner join marts.triage_queue as fewer using (product_points, severity_points, regression_points)
        where
            more.user_count + 1 >= 10 * (fewer.user_count + 1)
            and more.events_7d + 1 >= 10 * (fewer.events_7d + 1)
        """
    )

    assert any(pair["is_later"] for pair in pairs)
    assert all(pair["is_first"] for pair in pairs)
