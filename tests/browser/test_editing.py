"""The catalog edited by real clicks: on a copy of the CSVs, as they are without a warehouse and with one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, expect

from pipelines import models
from tests.browser.conftest import DARK, NO_SCRIPT, PHONE, PHONE_WIDTH, Open, violations, width
from tests.forked_python import forked_python
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.desk import Desk, desk_of

CHECK = "See what it changes"
# Without a warehouse nothing can be computed, so that a test need not wait for models.
SAVE_UNSEEN = "Save without knowing the consequences"
UNASSIGNED = "chatbot-poc"


@pytest.fixture
def desk(first: Deployment, chromium: Chromium, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(first, tmp_path)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_suggestion_is_taken_up_with_a_click_and_a_confirmation(
    open_page: Open, desk: Desk, first: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(first.warehouse, desk.editor.settings.warehouse)
    monkeypatch.setattr(models, "PYTHON", forked_python())
    mapping = desk.seeds / "project_products.csv"
    before = mapping.read_text()
    page = open_page("/catalog/", base=desk.url)
    page.set_default_timeout(120_000)
    waiting = page.locator("table.unassigned tbody tr").filter(has_text=UNASSIGNED)
    waiting.get_by_role("button", name="Assign to Support Desk").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(UNASSIGNED, timeout=120_000)
    expect(page.locator("main")).to_contain_text("Not saved yet")
    changed = page.locator("table.consequences tbody tr").filter(has_text="Support Desk")
    expect(changed.locator("ins.change").first).to_be_visible()
    assert violations(page) == []
    assert mapping.read_text() == before
    press(page, "Save")

    expect(page.locator("#standing")).to_contain_text("Saved, not published yet")
    expect(waiting).to_have_count(0)
    assert mapping.read_text() == f"{before}acme,{UNASSIGNED},support-desk\n"


def test_a_mistake_stands_beside_its_field_until_it_is_mended(open_page: Open, desk: Desk) -> None:
    before = desk.contents()
    page = open_page("/catalog/products/row?product_id=checkout-flow", base=desk.url, **DARK)
    page.get_by_label("Id", exact=True).fill("check out")
    press(page, CHECK)

    wrong = page.locator(".field.wrong")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text('write "check-out"')
    entry = wrong.get_by_label("Id", exact=True)
    expect(entry).to_have_value("check out")
    expect(entry).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    assert desk.contents() == before

    entry.fill("checkout-flow")
    page.get_by_label("Name", exact=True).fill("Checkout")
    press(page, CHECK)
    press(page, SAVE_UNSEEN)
    expect(page.locator("#standing")).to_contain_text("Saved, not published yet")
    assert "\ncheckout-flow,Checkout,payments," in (desk.seeds / "products.csv").read_text()


def test_a_product_moves_from_its_own_page(open_page: Open, desk: Desk) -> None:
    before = (desk.seeds / "products.csv").read_text()
    page = open_page("/products/support-desk", base=desk.url)
    page.get_by_role("link", name="Edit this product").click()
    page.get_by_label("Part of").select_option("ecommerce")
    press(page, CHECK)
    expect(page.locator("table.changed tbody tr")).to_have_count(1)
    expect(page.locator("table.changed del")).to_have_text("Internal Tools (internal-tools)")
    expect(page.locator("table.changed ins")).to_have_text("E-commerce Platform (ecommerce)")
    press(page, SAVE_UNSEEN)
    expect(page.locator("#standing")).to_contain_text("Saved, not published yet")
    assert (desk.seeds / "products.csv").read_text() == before.replace(
        "support-desk,Support Desk,internal-tools,", "support-desk,Support Desk,ecommerce,"
    )


def test_who_comes_second_sees_both_and_applies_again(open_page: Open, desk: Desk) -> None:
    file = desk.seeds / "products.csv"
    page = open_page("/catalog/products/row?product_id=payments", base=desk.url, **DARK)
    page.get_by_label("Name", exact=True).fill("Pay")
    page.get_by_label("Description").fill("Mine")
    theirs = file.read_text().replace("Money in and money back,payments,critical", "Theirs,,high")
    file.write_text(theirs)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        press(page, CHECK)

    assert answer.value.status == 409
    expect(page.get_by_role("alert")).to_contain_text("was changed while you edited")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Pay")
    expect(page.get_by_label("Priority")).to_have_value("high")
    expect(page.locator(".theirs")).to_have_text(
        ["Now in the file: Payment System", "Now in the file: Theirs"]
    )
    assert violations(page) == []
    assert file.read_text() == theirs

    press(page, "Apply again, and see what it changes")
    press(page, SAVE_UNSEEN)
    expect(page.locator("#standing")).to_contain_text("Saved, not published yet")
    assert file.read_text() == theirs.replace("Payment System", "Pay").replace("Theirs", "Mine")


def test_without_scripts_a_project_gets_its_product(open_page: Open, desk: Desk) -> None:
    page = open_page("/unassigned/", base=desk.url, **NO_SCRIPT)
    page.get_by_role("link", name=f"Assign {UNASSIGNED}").click()
    expect(page.get_by_label("Sentry project")).to_have_value(UNASSIGNED)
    expect(page.get_by_label("Product")).to_have_value("support-desk")
    page.get_by_label("Product").select_option("data-platform")
    press(page, CHECK)
    press(page, SAVE_UNSEEN)
    expect(page.locator("#standing")).to_contain_text("Saved, not published yet")
    last = (desk.seeds / "project_products.csv").read_text().splitlines()[-1]
    assert last == f"acme,{UNASSIGNED},data-platform"

    page.goto(f"{desk.url}/projects/?sort=project_slug")
    page.get_by_role("link", name="Edit login-web").click()
    expect(page.get_by_label("Organization")).to_have_value("")
    expect(page.get_by_role("button", name="Remove this assignment")).to_be_visible()


def test_a_rule_counts_while_it_is_written(open_page: Open, desk: Desk) -> None:
    page = open_page("/catalog/issue_rules/", base=desk.url, **PHONE)
    page.get_by_role("link", name="Add a rule").click()
    count = page.locator("#matches")
    expect(count).to_contain_text("once project, field and text are entered")
    # Whoever types fast does not wait for the first answer.
    held: list[Route] = []
    page.route(
        "**/issue_rules/matches?*",
        lambda route: route.continue_() if held else held.append(route),
    )
    page.get_by_label("Sentry project").fill("shop-backend")
    page.get_by_label("Where to look").select_option("title")
    page.get_by_label("What to look for").fill("*")
    page.keyboard.press("Tab")
    expect(count.locator("strong")).not_to_have_text("0")
    every = int(count.locator("strong").inner_text())
    page.get_by_label("What to look for").fill("nothing like this")
    page.keyboard.press("Tab")
    expect(count.locator("strong")).to_have_text("0")
    assert every > 0
    assert width(page) <= PHONE_WIDTH
    press(page, CHECK)
    expect(page.locator(".field.wrong")).to_contain_text("product")


def test_without_scripts_a_rule_moves_up(open_page: Open, desk: Desk) -> None:
    file = desk.seeds / "issue_rules.csv"
    heading, one, two, *others = file.read_text().splitlines(keepends=True)
    page = open_page("/catalog/issue_rules/row?line=3", base=desk.url, **NO_SCRIPT)
    press(page, "Move up")
    expect(page.locator("main")).to_contain_text("It would be rule 1 of 4")
    press(page, "Move without knowing the consequences")
    expect(page.locator("#standing")).to_contain_text("Saved, not published yet")
    assert file.read_text() == "".join((heading, two, one, *others))
