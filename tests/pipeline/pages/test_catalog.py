"""The catalog in a browser: forms, findings beside the entries, what is written, conflicts."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import duckdb
import pytest

from pipelines.catalog.tables import TABLES
from pipelines.pages.catalog_fields import SHEETS
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser
from tests.pipeline.pages.desk import Desk, desk_of, text
from tests.pipeline.pages.forms import forms


@pytest.fixture
def desk(first: Deployment, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(first, tmp_path)


def test_a_project_without_a_product_is_assigned_with_one_click_and_confirmed(desk: Desk) -> None:
    page = desk.browser.get("/catalog/")
    form = next(form for form in forms(page) if form.fields["cell.product_id"])
    project = form.fields["cell.project"]
    before = (desk.seeds / "project_products.csv").read_bytes()

    shown = form.send(desk.url)
    assert (shown.status_code, (desk.seeds / "project_products.csv").read_bytes()) == (200, before)
    saved = forms(shown)[0].send(desk.url, "save")

    row = f"acme,{project},{form.fields['cell.product_id']}\n"
    assert (desk.seeds / "project_products.csv").read_bytes() == before + row.encode()
    assert saved.url.endswith("/catalog/?saved=project_products")
    assert "project_products.csv is saved. ◆ Saved, not published yet" in text(saved)
    assert f'value="{project}"' not in saved.text


def test_a_product_moves_in_the_tree_and_no_other_line_changes(desk: Desk) -> None:
    before = (desk.seeds / "products.csv").read_text()
    line = desk.line("products.csv", "support-desk,")
    form, _ = desk.row(f"products/row?line={line}")
    assert "support-desk" not in form.options["cell.parent_id"]

    shown = form.send(desk.url, "check", {"parent_id": "ecommerce"})
    assert "Part of Internal Tools (internal-tools) E-commerce Platform (ecommerce)" in text(shown)
    forms(shown)[0].send(desk.url, "save")

    assert (desk.seeds / "products.csv").read_text() == before.replace(
        "support-desk,Support Desk,internal-tools,", "support-desk,Support Desk,ecommerce,"
    )


def test_what_is_below_a_product_is_no_parent_of_it(desk: Desk) -> None:
    form, _ = desk.row(f"products/row?line={desk.line('products.csv', 'ecommerce,')}")

    assert set(form.options["cell.parent_id"]) == {
        *("", "internal-tools", "support-desk", "data-platform", "legacy-reports")
    }


@pytest.mark.parametrize(
    ("path", "entries", "column", "words"),
    [
        ("products/row?line=2", {"product_id": "a b"}, "product_id", 'write "a-b"'),
        ("products/row?line=3", {"parent_id": "payments"}, None, None),
        ("products/row?line=2", {"parent_id": "payments"}, "parent_id", "a loop: ecommerce"),
        ("products/row?line=2", {"priority": "urgent"}, "priority", "is not a priority"),
        ("products/row?line=2", {"is_active": "si"}, "is_active", "neither true nor false"),
        ("products/row", {"product_id": "ecommerce", "name": "Shop"}, "product_id", "already"),
        ("products/row", {"product_id": "x"}, "name", "give the product a name"),
        ("project_products/row?line=2", {"product_id": "paymnts"}, "product_id", '"payments"?'),
        ("project_products/row", {"project": "ledger"}, "product_id", "write the project's"),
        ("sla_targets/row?line=2", {"resolve_within_hours": "3d"}, "resolve_within_hours", "72"),
        ("health_targets/row?line=2", {"at_risk": "9"}, "at_risk", "is beyond critical"),
    ],
)
def test_what_the_check_finds_stands_beside_the_entry(
    desk: Desk, path: str, entries: dict[str, str], column: str | None, words: str | None
) -> None:
    before = desk.contents()
    form, *_ = desk.row(path)

    answer = form.send(desk.url, "check", entries)

    assert desk.contents() == before
    if words is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    again, *_ = forms(answer)
    assert {name: again.fields[f"cell.{name}"] for name in entries} == entries
    beside = re.search(rf'<ul id="cell-{column}-found".*?</ul>', answer.text, re.DOTALL)
    assert beside
    assert words in unescape(beside[0])
    assert again.send(desk.url, "save", entries).status_code == 422
    assert desk.contents() == before


def test_what_other_rows_need_cannot_be_removed(desk: Desk) -> None:
    before = desk.contents()
    _, (removal,) = desk.row(f"products/row?line={desk.line('products.csv', 'payments,')}")

    answer = removal.send(desk.url, "check")

    assert answer.status_code == 422
    assert 'parent_id "payments" is no product_id' in text(answer)
    assert 'product_id "payments" is not in products.csv' in text(answer)
    assert 'href="/catalog/project_products/row?line=11"' in answer.text
    assert desk.contents() == before


def test_a_row_is_removed_and_the_rest_stays(desk: Desk) -> None:
    before = (desk.seeds / "project_products.csv").read_text()
    line = desk.line("project_products.csv", ",macro-bot")
    _, (removal,) = desk.row(f"project_products/row?line={line}")

    shown = removal.send(desk.url, "check")
    forms(shown)[0].send(desk.url, "save")

    assert (desk.seeds / "project_products.csv").read_text() == before.replace(
        ",macro-bot,support-desk\n", ""
    )


def test_every_kind_of_row_can_be_added(desk: Desk) -> None:
    (desk.seeds / "health_targets.csv").unlink()
    for name, entries, row in (
        (
            "products",
            {"product_id": "labs", "name": 'Labs, "new"', "description": "One\r\ntwo"},
            'labs,"Labs, ""new""",,"One\ntwo",,,true\n',
        ),
        ("project_products", {"project": "lab-*", "product_id": "labs"}, ",lab-*,labs\n"),
        ("health_targets", {"measure": "late_ratio", "at_risk": "0.1"}, ",late_ratio,0.1,\n"),
    ):
        form, *_ = desk.row(f"{name}/row")
        shown = form.send(desk.url, "check", entries)
        assert shown.status_code == 200, text(shown)
        forms(shown)[0].send(desk.url, "save")
        assert (desk.seeds / f"{name}.csv").read_text().endswith(row)


def test_an_error_that_was_there_before_keeps_nobody_from_mending_another(desk: Desk) -> None:
    path = desk.seeds / "products.csv"
    path.write_text(path.read_text() + 'broken,Broken,nowhere,"and\nworse,,nowhere,,,,\n')
    assert "▲ 3 errors in the files" in text(desk.browser.get("/catalog/"))
    line = desk.line("products.csv", "broken")
    form, _ = desk.row(f"products/row?line={line}")

    shown = form.send(
        desk.url, "check", {"product_id": "broken", "name": "Broken", "parent_id": ""}
    )
    assert "the catalog has errors elsewhere" in text(shown)
    forms(shown)[0].send(desk.url, "save")

    assert path.read_text().endswith("broken,Broken,,and,,,\nworse,,nowhere,,,,\n")


def test_a_change_of_another_row_is_applied_again_onto_the_new_file(desk: Desk) -> None:
    line = desk.line("products.csv", "payments,")
    form, _ = desk.row(f"products/row?line={line}")
    path = desk.seeds / "products.csv"
    theirs = (
        path.read_text().replace("Internal Tools", "Our Tools").replace("\n", "\nnew,New,,,,,\n", 1)
    )
    path.write_text(theirs)

    conflict = form.send(desk.url, "check", {"owner_team": "billing"})
    assert conflict.status_code == 409
    assert "was changed while you edited" in text(conflict)
    assert path.read_text() == theirs
    again, *_ = forms(conflict)
    assert again.fields["line"] == str(line + 1)
    shown = again.send(desk.url, "check")
    forms(shown)[0].send(desk.url, "save")

    assert path.read_text() == theirs.replace(
        "Money in and money back,payments,", "Money in and money back,billing,"
    )


def test_of_two_changes_of_one_row_both_are_shown_and_merged_where_they_can_be(desk: Desk) -> None:
    form, _ = desk.row(f"products/row?line={desk.line('products.csv', 'payments,')}")
    path = desk.seeds / "products.csv"
    theirs = path.read_text().replace("Payment System,ecommerce", "Paying,ecommerce")
    path.write_text(theirs.replace("money back,payments,critical", "money back,theirs,critical"))

    conflict = form.send(desk.url, "save", {"owner_team": "mine", "priority": "high"})

    assert conflict.status_code == 409
    again, *_ = forms(conflict)
    entered = {name: again.fields[f"cell.{name}"] for name in ("name", "owner_team", "priority")}
    assert entered == {"name": "Paying", "owner_team": "mine", "priority": "high"}
    assert "Now in the file: theirs" in text(conflict)
    assert "Now in the file: Paying" not in text(conflict)


def test_a_row_that_somebody_removed_can_be_added_again(desk: Desk) -> None:
    form, (removal,) = desk.row(
        f"project_products/row?line={desk.line('project_products.csv', ',ledger')}"
    )
    path = desk.seeds / "project_products.csv"
    path.write_text(path.read_text().replace(",ledger,payments\n", ""))

    assert "removed this assignment meanwhile" in text(removal.send(desk.url, "save"))
    conflict = form.send(desk.url, "save", {"product_id": "checkout-flow"})
    assert "no longer in it" in text(conflict)
    shown = forms(conflict)[0].send(desk.url, "check")
    forms(shown)[0].send(desk.url, "save")

    assert path.read_text().endswith(",ledger,checkout-flow\n")


def test_the_same_row_added_twice_is_shown_as_a_change_of_it(desk: Desk) -> None:
    form, *_ = desk.row("products/row")
    path = desk.seeds / "products.csv"
    path.write_text(path.read_text() + "labs,Their Labs,,,,,\n")

    conflict = form.send(desk.url, "check", {"product_id": "labs", "name": "Labs"})

    assert (conflict.status_code, forms(conflict)[0].fields["action"]) == (409, "change")
    assert "Now in the file: Their Labs" in text(conflict)


def test_the_page_says_whether_the_catalog_is_published(desk: Desk) -> None:
    for known, words in (
        (desk.editor.fingerprint(), "● Published at"),
        ("another", "◆ Saved, not published yet."),
        (None, "does not say which catalog"),
    ):
        published = desk.editor.settings.published
        beside = published.with_suffix(".new")
        shutil.copy(published, beside)
        with duckdb.connect(str(beside)) as db:
            db.execute("update marts.publication set catalog_fingerprint = ?", [known])
        os.replace(beside, published)
        assert words in text(desk.browser.get("/catalog/"))


def test_every_file_and_column_of_the_catalog_can_be_edited() -> None:
    assert [sheet.table for sheet in SHEETS.values()] == list(TABLES)
    for sheet in SHEETS.values():
        assert sorted(sheet.fields) == sorted(sheet.table.names)


def test_products_and_projects_lead_to_their_form_where_editing_is_on(
    desk: Desk, pages: Browser
) -> None:
    for path in ("/products/payments", "/projects/", "/unassigned/"):
        assert "/row?" in desk.browser.get(path).text
        assert "/row?" not in pages.get(path).text
    for asked, cells in (
        ("products/row?product_id=payments", {"name": "Payment System", "product_id": "payments"}),
        ("project_products/row?organization=acme&project=ledger", {"product_id": "payments"}),
        ("project_products/row?organization=acme&project=cart-service", {"organization": "acme"}),
        (
            # Counted by a pattern: a row of its own says otherwise.
            "project_products/row?organization=acme&project=checkout-web&product_id=payments",
            {"organization": "acme", "project": "checkout-web", "product_id": "payments"},
        ),
    ):
        form, *_ = desk.row(asked)
        assert {name: form.fields[f"cell.{name}"] for name in cells} == cells
        is_new = "checkout-web" in asked
        assert form.fields["action"] == ("add" if is_new else "change")
