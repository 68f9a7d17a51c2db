"""Every page for everyone: no violation that axe finds, no page wider than a phone, no word that is more than text."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DARK, LIGHT, PHONE, PHONE_WIDTH, Open
from tests.pipeline.pages.conftest import Browser
from tests.pipeline.pages.hostile import ADDRESSES, hostile_address

CONTRAST = {"runOnly": ["color-contrast", "link-in-text-block"]}


@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_no_violation_in_light_or_dark(open_page: Open, address: str) -> None:
    page = open_page(address, **LIGHT)
    if page.locator("details.score").count():
        page.locator("details.score summary").first.click()
    assert violations(page) == []
    page.emulate_media(**DARK)
    assert violations(page, CONTRAST) == []


def violations(page: Page, options: dict[str, list[str]] | None = None) -> list[str]:
    """Return what axe finds, each with the first element that it finds it in."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found
    ]


def test_no_page_is_wider_than_a_phone(open_page: Open) -> None:
    for address in ADDRESSES:
        assert width(open_page(address, **PHONE)) <= PHONE_WIDTH, address


def test_hostile_words_run_nothing_and_break_no_layout(open_page: Open, hostile: Browser) -> None:
    for address in ADDRESSES:
        page = open_page(hostile_address(address), base=hostile.url, **PHONE)
        assert page.locator("body script, body img").count() == 0
        assert width(page) <= PHONE_WIDTH, address


def width(page: Page) -> int:
    """Return how wide the page is, in pixels."""
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found
