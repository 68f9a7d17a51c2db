"""Issue rules in a browser: what one matches while it is written, and its place among the others."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.catalog.values import ISSUE_FIELDS
from pipelines.pages import serving
from pipelines.pages.app import create_app
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, settings_of
from tests.pipeline.pages.desk import Desk, desk_of, text
from tests.pipeline.pages.forms import forms

COUNT = (
    "select count(*) as issues from marts.fct_issues where status not in ('deleted', 'merged') and "
)
LATER = ("logger", "filename", "function_name", "error_type", "owners")


@pytest.fixture
def desk(first: Deployment, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(first, tmp_path)


def matches(browser: Browser, **cells: str) -> str:
    asked = "&".join(f"cell.{name}={cell}" for name, cell in cells.items())
    return text(browser.get(f"/catalog/issue_rules/matches?{asked}"))


def test_a_rule_says_how_many_issues_it_matches_while_it_is_written(
    desk: Desk, first: Deployment
) -> None:
    (count,) = first.read(f"{COUNT} title ilike '%error%' and project_slug like 'checkout-%'")
    words = f"Matches {count['issues']:,} issues"
    shown = matches(
        desk.browser, organization="Acme", project="checkout-*", field="title", pattern="*ERROR*"
    )
    assert (words in shown, count["issues"] > 0) == (True, True)
    form, *_ = desk.row("issue_rules/row?project=checkout-*&field=title&pattern=*error*")
    assert words in text(form.send(desk.url, "enter"))

    before = (desk.seeds / "issue_rules.csv").read_text()
    shown_page = form.send(desk.url, "check", {"product_id": "payments"})
    assert shown_page.status_code == 200, text(shown_page)
    forms(shown_page)[0].send(desk.url, "save")
    assert (
        desk.seeds / "issue_rules.csv"
    ).read_text() == before + ",checkout-*,title,*error*,payments\n"


def test_every_field_is_counted_as_the_models_match_it(first: Deployment, tmp_path: Path) -> None:
    published = tmp_path / "product_health.duckdb"
    shutil.copy(first.published, published)
    published.chmod(0o644)
    with duckdb.connect(str(published)) as db:
        db.execute(
            "update marts.fct_issues set title = 'title 1', culprit = 'culprit 1', filename = 'filename 1', "
            "function_name = 'function 1', error_type = 'type 1', logger = 'logger 1', platform = 'platform 1', "
            "issue_category = 'category 1', assignee = 'assignee 1', owners = ['#other', 'Owner 1'] "
            "where project_slug = 'shop-backend'"
        )
        db.execute(
            "update marts.dim_projects set former_slugs = ['monolith', 'the-shop'] where project_slug = 'shop-backend'"
        )
    (count,) = first.read(f"{COUNT} project_slug = 'shop-backend'")
    with serving.served(create_app(settings_of(published))) as url:
        for field in ISSUE_FIELDS:
            for project, pattern, found in (
                ("shop-*", f"{field} ?", count["issues"]),
                ("the-*", f"*{field.upper()}*", count["issues"]),
                ("shop-*", field, 0),
            ):
                shown = matches(Browser(url), project=project, field=field, pattern=pattern)
                assert f"Matches {found:,} issues" in shown, (field, project)


def test_what_an_earlier_version_did_not_publish_is_not_counted(
    first: Deployment, tmp_path: Path
) -> None:
    published = tmp_path / "product_health.duckdb"
    shutil.copy(first.published, published)
    published.chmod(0o644)
    with duckdb.connect(str(published)) as db:
        db.execute("drop view marts.product_issues")
        for column in LATER:
            db.execute(f"alter table marts.fct_issues drop column {column}")
    with serving.served(create_app(settings_of(published))) as url:
        for field, words in (
            ("owner", "by owner is not known before the next sync"),
            ("title", "Matches"),
            ("colour", "once project, field and text are entered"),
        ):
            assert words in matches(Browser(url), project="*", field=field, pattern="*")


def test_a_rule_moves_up_and_no_other_line_changes(desk: Desk) -> None:
    path = desk.seeds / "issue_rules.csv"
    heading, one, two, three, four = path.read_text().splitlines(keepends=True)
    _, (order, _) = desk.row("issue_rules/row?line=4")
    assert [value for _, value in order.buttons] == ["2", "4", "1"]

    shown = order.send(desk.url, "2", name="place")
    assert "It would be rule 2 of 4 in issue_rules.csv, below" in text(shown)
    assert path.read_text() == "".join((heading, one, two, three, four))
    saved = forms(shown)[0].send(desk.url, "save")

    assert "issue_rules.csv is saved" in text(saved)
    assert path.read_text() == "".join((heading, one, three, two, four))


def test_a_move_is_refused_where_the_file_changed_or_the_order_means_nothing(desk: Desk) -> None:
    path = desk.seeds / "issue_rules.csv"
    _, (order, _) = desk.row("issue_rules/row?line=2")
    assert order.send(desk.url, "9", name="place").status_code == 422
    order.action = order.action.replace("issue_rules", "products")
    assert order.send(desk.url, "2", name="place").status_code == 400
    order.action = order.action.replace("products", "issue_rules")
    path.write_text(path.read_text().replace("shop.search.*", "shop.find.*"))
    before = path.read_text()

    answer = order.send(desk.url, "2", name="place")

    assert (answer.status_code, path.read_text()) == (409, before)
    assert "nothing has been moved" in text(answer)
