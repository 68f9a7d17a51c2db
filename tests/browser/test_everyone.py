"""Every page for everyone: no violation that axe finds, no page wider than a phone, no word that is more than text."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DARK, LIGHT, PHONE, PHONE_WIDTH, Open, violations, width
from tests.pipeline.pages.conftest import Browser
from tests.pipeline.pages.hostile import ADDRESSES, hostile_address

CONTRAST = "color-contrast", "link-in-text-block"


@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_no_violation_in_light_or_dark(open_page: Open, address: str) -> None:
    page = open_page(address, **LIGHT)
    if page.locator("details.score").count():
        page.locator("details.score summary").first.click()
    assert violations(page) == []
    page.emulate_media(**DARK)
    assert violations(page, *CONTRAST) == []


def test_no_page_is_wider_than_a_phone(open_page: Open) -> None:
    for address in ADDRESSES:
        assert width(open_page(address, **PHONE)) <= PHONE_WIDTH, address


def test_hostile_words_run_nothing_and_break_no_layout(open_page: Open, hostile: Browser) -> None:
    for address in ADDRESSES:
        page = open_page(hostile_address(address), base=hostile.url, **PHONE)
        assert page.locator("body script, body img").count() == 0
        assert width(page) <= PHONE_WIDTH, address
