"""From a click to what is published: the consequences that were shown are those that come."""

from __future__ import annotations

import re

import pytest

from pipelines.fake_sentry.server import FakeSentry
from pipelines.pages import serving
from pipelines.pages.app import create_app
from pipelines.preview.text import COLUMNS
from tests.pipeline.conftest import Deployment, failure_texts
from tests.pipeline.pages.conftest import Browser, settings_of
from tests.pipeline.pages.forms import forms

NUMBERS = f"select product_name, {', '.join(COLUMNS.values())} from marts.product_overview"


@pytest.mark.slow
def test_an_edit_is_previewed_saved_rebuilt_and_shown_as_published(
    deployment: Deployment, sentry: FakeSentry
) -> None:
    settings = settings_of(deployment.published, seeds_dir=deployment.seeds, pages_editing=True)
    before = {row["product_name"]: row for row in deployment.read(NUMBERS)}
    with serving.served(create_app(settings)) as url:
        browser = Browser(url)
        assert "● Published" in browser.get("/catalog/").text.replace("<strong>", "")
        lines = (deployment.seeds / "project_products.csv").read_text().splitlines()
        line = lines.index(",ledger,payments") + 1
        form, *_ = forms(browser.get(f"/catalog/project_products/row?line={line}"))

        shown = form.send(url, "check", {"product_id": "internal-tools"})
        assert "payments → internal-tools: acme/ledger" in shown.text, shown.text
        saved = forms(shown)[0].send(url, "save")
        assert "Saved, not published yet" in saved.text
        result = deployment.run("rebuild_marts")
        assert result.success, failure_texts(result)
        assert sentry.requests == []
        assert not deployment.is_rebuilt_in_full()

        page = browser.get("/catalog/?saved=project_products").text
    assert "Published</strong> at" in page
    after = {row["product_name"]: row for row in deployment.read(NUMBERS)}
    assert {name for name in after if after[name] != before[name]} == {
        *("E-commerce Platform", "Payment System", "Internal Tools")
    }
    named = {title: column for title, column in COLUMNS.items() if title in titles(shown.text)}
    assert shown_numbers(shown.text) == {
        name: {title: pytest.approx(row[column], abs=0.06) for title, column in named.items()}
        for name, row in after.items()
        if row != before[name]
    }


def table(page: str) -> str:
    return page.partition('<table class="consequences">')[2].partition("</table>")[0]


def titles(page: str) -> list[str]:
    return re.findall(r'<th scope="col" class="number">([^<]+)</th>', table(page))


def shown_numbers(page: str) -> dict[str, dict[str, float | None]]:
    """Return the numbers after, by product and title; `make preview` rounds to a tenth."""
    found = {}
    for row in table(page).partition("<tbody>")[2].split("<tr>")[1:]:
        name = re.search(r'<span class="name[^>]*>([^<]+)</span>', row)
        assert name
        cells = re.findall(r'<td class="number">([^<]*)', row.partition('<tr class="own">')[0])
        values = [None if cell.strip() == "-" else float(cell.replace(",", "")) for cell in cells]
        found[name[1]] = dict(zip(titles(page), values, strict=True))
    return found
