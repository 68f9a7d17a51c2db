"""Did you mean …: the right candidate, and quickly."""

from __future__ import annotations

import pytest

from pipelines.catalog.closest import MOST_LOOKUPS, Closest

IDS = ["payments", "payment-processing", "checkout-flow", "search", "user-profiles", "a1", "b1"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("paymnts", "payments"),
        ("payment", "payments"),
        ("payment-procesing", "payment-processing"),
        ("flow-checkout", None),
        ("check-out-flow", "checkout-flow"),
        ("serach", "search"),
        ("profiles", "user-profiles"),
        ("flow", "checkout-flow"),
        ("zzz", None),
        ("", None),
    ],
)
def test_a_slip_is_recognized_and_another_word_is_not(written: str, meant: str | None) -> None:
    assert Closest(IDS).find(written) == meant


def test_one_slip_among_ten_thousand_alike_is_recognized() -> None:
    closest = Closest([f"product-{number:05}-web" for number in range(10_000)])

    assert closest.find("prodct-04711-web") == "product-04711-web"


def test_after_many_lookups_no_more_are_made() -> None:
    closest = Closest(IDS)
    for number in range(MOST_LOOKUPS):
        closest.find(f"other-{number}")

    assert closest.find("paymnts") is None
    assert closest.hint("paymnts") == ""
