"""The pages in Chromium, over the published sample world; `CHROMIUM` names another browser than Debian's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from tests.pipeline.conftest import Deployment, first
from tests.pipeline.pages.conftest import Browser, pages, served
from tests.pipeline.pages.hostile import hostile_copy

__all__ = ["first", "pages"]

# Every kind of reader, as options of a browser context.
LIGHT = {"color_scheme": "light"}
DARK = {"color_scheme": "dark"}
NO_SCRIPT = {"java_script_enabled": False}
PHONE_WIDTH = 360
PHONE = {"viewport": {"width": PHONE_WIDTH, "height": 740}}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def hostile(first: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("hostile")
    with served(hostile_copy(first.published, folder / "product_health.duckdb")) as browser:
        yield browser


@pytest.fixture(scope="session")
def chromium(pages: Browser) -> Iterator[Chromium]:
    """One browser for all tests. After the pages: a sync cannot run beside Playwright's event loop."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "These tests need Chromium: apt-get install chromium, or set CHROMIUM."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Chromium, pages: Browser) -> Iterator[Open]:
    """Open an address as one kind of reader; a script that fails or is refused fails the test."""
    contexts, failures = [], []

    def open_(address: str, base: str = pages.url, **reader: Any) -> Page:
        context = (
            chromium.new_context(viewport={"width": 1280, "height": 800}, **reader)
            if ("viewport" not in reader)
            else chromium.new_context(**reader)
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("dialog", lambda dialog: (failures.append(dialog.message), dialog.dismiss()))
        page.on(
            "console",
            lambda message: (
                failures.append(message.text) if "Security Policy" in message.text else None
            ),
        )
        page.goto(base + address, wait_until="load")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert failures == []


def names(page: Page) -> list[str]:
    """Return the products that a list shows, in order."""
    return page.locator("tbody th .name a").all_inner_texts()


def in_all(page: Page) -> int:
    """Return how many rows the list says it has."""
    return int(re.sub(r"\D", "", page.locator(".pager span").first.inner_text()))


def violations(page: Page, *rules: str) -> list[str]:
    """Return what axe finds by these rules, by all if none is named, each with the first element it finds it in."""
    # What passes is thousands of elements, which would all be sent here.
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found
    ]


def width(page: Page) -> int:
    """Return how wide the page is, in pixels."""
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found
