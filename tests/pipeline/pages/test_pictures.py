"""Every picture says what it shows, and its numbers stand in a table."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.pages.drawings import (
    Mark,
    against_target,
    by_day,
    diverging,
    factors,
    scatter,
    sparkline,
)
from pipelines.pages.shown import share
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, served
from tests.pipeline.pages.test_replaced import replace

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(20)]
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def test_an_unknown_value_is_a_gap() -> None:
    assert sparkline([1, 2, None, 4], "Events").count("<polyline") == 2
    assert "<svg" not in sparkline([None, None], "Events")
    drawn = by_day(DAYS, [("open", [None, 3.0] * 10)], [], "Open")
    assert drawn.count("<polyline") == 10


def test_bars_are_as_long_as_their_numbers() -> None:
    widths = re.findall(r'width="([\d.]+)"', diverging(30, 15, 60))
    assert widths == ["15.0", "30.0"]
    assert 'class="late"' in against_target(80, 72, 100)
    assert 'class="fixed"' in against_target(60, 72, 100)
    assert "not known" in against_target(None, 72, 100)


def test_what_is_taken_off_a_score_is_faint_and_named() -> None:
    drawn = factors([("product", 20), ("user", 15.5), ("production", -7.7)], 100)
    widths = re.findall(r'class="([^"]+)" x="([\d.]+)" y="0.0" width="([\d.]+)"', drawn)
    assert widths[0] == ("part-0", "0.0", "24.0")
    assert widths[1] == ("part-1", "24.0", "18.6")
    assert widths[-1] == ("off", "33.4", "9.2")  # 27.8 of 100 is 33.36 of 120
    assert "<title>product 20, user 15.5, production -7.7: 27.8 of 100</title>" in drawn
    assert "off" not in factors([("product", 20), ("user", 0.1)], 100)


def test_a_share_below_a_target_never_looks_as_if_it_had_reached_it() -> None:
    assert [share(value, 1) for value in (0.9999, 0.2499, 0.29, 1, 0)] == [
        *("99.9%", "24.9%", "29.0%", "100.0%", "0.0%")
    ]
    assert [share(value) for value in (0.675, 0.281, 0.044)] == ["68%", "28%", "4%"]


def test_longer_is_higher_and_a_target_is_a_line() -> None:
    at = datetime(2026, 11, 5)
    drawn = scatter(
        [(at, 1.0, False, "fast"), (at, 500.0, True, "slow")], [("target", 72.0)], DAYS[0], 20, "t"
    )
    fast, slow = (float(y) for y in re.findall(r'cy="([\d.]+)"', drawn))
    [target] = re.findall(r'<line class="target"[^>]* y1="([\d.]+)"', drawn)
    assert slow < float(target) < fast


def test_marks_stand_at_their_time() -> None:
    marks = [Mark(datetime(2026, 11, 1), "1.0"), Mark(datetime(2026, 11, 11), "<2.0>")]
    drawn = by_day(DAYS, [("events", [1.0] * 20)], marks, "Events")
    first, second = (float(x) for x in re.findall(r'<line class="mark" x1="([\d.]+)"', drawn))
    assert (first, second) == (56, pytest.approx(56 + (720 - 56) / 2))
    assert "&lt;2.0&gt;" in drawn


def test_every_picture_says_what_it_shows(pages: Browser) -> None:
    found = 0
    for path in ("/products/", "/products/ecommerce", "/teams/checkout", "/trends/", "/issues/"):
        for svg in SVG.findall(pages.get(path).text):
            assert re.match(
                r'<svg[^>]*role="img"([^>]*aria-label="[^"]{10,}"|[^>]*><title>[^<]{4,})', svg
            ), svg
            found += 1
    assert found > 100


def test_the_numbers_of_a_product_s_pictures_stand_in_tables(pages: Browser) -> None:
    text = pages.get("/products/checkout-flow").text
    days = pages.get("/products/checkout-flow/days.json?days=90").json()
    [shown] = re.findall(r'<table class="short" id="days">.*?</table>', text, re.DOTALL)
    assert shown.count("<time") == len(days) == 90
    assert (
        text.count("<circle")
        == len(
            re.findall(
                r"<tr>",
                re.findall(r"<table[^>]*><caption>Resolved issues.*?</table>", text, re.DOTALL)[0],
            )
        )
        - 1
    )


def test_releases_are_marks(first: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "product_health.duckdb"
    replace(first.published, path, "one")
    with duckdb.connect(str(path)) as db:
        [(as_of,)] = db.execute("select as_of from marts.publication").fetchall()
        db.execute("delete from marts.product_releases")
        db.execute(
            "insert into marts.product_releases by name select 'checkout-flow' as product_id, "
            "n || '.0.0' as version, version as version_name, 'shop' as package, "
            "$as_of - to_days(n::integer) as released_at, n as new_issues from range(30) as numbers(n)",
            {"as_of": as_of},
        )
    with served(path) as browser:
        text = browser.get("/products/checkout-flow").text
        assert text.count('class="mark"') == 40  # twenty in each of two charts
        assert "<title>shop 29.0.0</title>" in text
        assert "<title>shop 9.0.0</title>" not in text  # few new issues
        assert 'class="mark"' not in browser.get("/products/ecommerce").text
