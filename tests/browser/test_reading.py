"""What people do with the pages, by real clicks and keys."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import DARK, LIGHT, NO_SCRIPT, Open, in_all, names
from tests.pipeline.pages.hostile import ADDRESSES


def test_a_filter_is_a_choice_away_and_stands_in_the_address(open_page: Open) -> None:
    page = open_page("/products/?view=flat")
    page.get_by_label("Health").select_option("critical")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert "health=critical" in page.url
    assert set(page.locator("tbody td.health .health").all_inner_texts()) == {"▲ critical"}
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(14)


def test_from_a_tile_down_to_the_issue(open_page: Open) -> None:
    page = open_page("/products/")
    page.get_by_role("link", name="critical products").click()
    critical = names(page)
    page.get_by_role("link", name=critical[0], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(critical[0])
    late = page.get_by_role("link", name="late", exact=False).filter(has_not_text="soon").first
    shown = int(late.locator("data").inner_text())
    late.click()
    assert in_all(page) == shown
    urgency = page.locator("details.score").first
    urgency.locator("summary").click()
    points = [float(text) for text in urgency.locator("td").all_inner_texts()]
    assert abs(sum(points) - float(urgency.locator("summary data").inner_text())) < 0.5
    page.get_by_label("Remove the filter product").click()
    assert in_all(page) > shown


def test_a_heading_sorts_and_sorts_back(open_page: Open) -> None:
    page = open_page("/products/?view=flat")
    for direction in ("descending", "ascending"):
        heading = page.locator("thead th", has_text="Open")
        heading.get_by_role("link").click()
        expect(heading).to_have_attribute("aria-sort", direction)
        numbers = [
            int(text.replace(",", ""))
            for text in page.locator("tbody td:nth-child(3)").all_inner_texts()
        ]
        assert numbers == sorted(numbers, reverse=direction == "descending")


def test_a_slash_leads_to_the_search_from_everywhere(open_page: Open) -> None:
    page = open_page("/teams/")
    page.keyboard.press("/")
    page.keyboard.type("Checkout Fl/")
    expect(page.get_by_role("searchbox")).to_have_value("Checkout Fl/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Checkout Flow").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout Flow")


def test_the_keyboard_goes_past_the_menu_and_through_the_list(open_page: Open) -> None:
    page = open_page("/products/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody') !== null"):
            break
    product = page.locator(":focus").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(product)


def test_dark_is_dark(open_page: Open) -> None:
    def brightness(page) -> float:
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in paper[4:-1].split(",")) / 3

    assert brightness(open_page("/products/", **LIGHT)) > 200
    assert brightness(open_page("/products/", **DARK)) < 60


def test_the_chart_has_the_values_under_the_pointer(open_page: Open) -> None:
    page = open_page("/products/checkout-flow")
    chart = page.locator("[data-chart=event_count]")
    expect(chart.locator("canvas")).to_be_visible()
    chart.locator(".u-over").hover(position={"x": 200, "y": 50})
    expect(chart.locator(".u-legend")).not_to_contain_text("--")


def test_without_scripts_every_page_says_the_same(open_page: Open) -> None:
    for address in ADDRESSES:
        page = open_page(address, **NO_SCRIPT)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page = open_page("/products/checkout-flow", **NO_SCRIPT)
    expect(page.locator("svg.chart.days polyline.open")).to_be_visible()
    page.get_by_text("The numbers of the 90 days").click()
    expect(page.locator("#days tbody tr")).to_have_count(90)
    page = open_page("/issues/", **NO_SCRIPT)
    page.get_by_label("SLA").select_option("breached")
    page.get_by_role("button", name="Show").click()
    assert "sla=breached" in page.url
    assert set(page.locator("td.sla").all_inner_texts()) == {"late"}


def test_print_is_the_numbers_on_white(open_page: Open) -> None:
    page = open_page("/products/checkout-flow", **DARK)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.locator("svg.chart.days").first).to_be_visible()
    expect(page.locator(".uplot").first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
