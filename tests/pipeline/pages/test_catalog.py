"""The catalog in a browser: forms, findings beside the entries, conflicts, and who may write."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from pipelines.catalog.tables import TABLES
from pipelines.pages import serving
from pipelines.pages.app import create_app
from pipelines.pages.catalog_editor import CatalogEditor
from pipelines.pages.catalog_fields import SHEETS
from pipelines.settings import Settings, SettingsError
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, settings_of
from tests.pipeline.pages.forms import Form, forms

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"


@dataclass
class Desk:
    """Pages with editing, over a copy of what is published (and no warehouse) and of the CSVs."""

    browser: Browser
    seeds: Path
    editor: CatalogEditor

    @property
    def url(self) -> str:
        return self.browser.url

    def row(self, path: str) -> tuple[Form, list[Form]]:
        form, *others = forms(self.browser.get(f"/catalog/{path}"))
        return form, others

    def line(self, file: str, start: str) -> int:
        lines = (self.seeds / file).read_text().splitlines()
        return next(n for n, line in enumerate(lines, start=1) if line.startswith(start))

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.seeds.iterdir()}


def desk_of(first: Deployment, folder: Path, **settings: Any) -> Iterator[Desk]:
    shutil.copytree(first.seeds, folder / "seeds", dirs_exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    published = folder / "data" / "product_health.duckdb"
    shutil.copy(first.published, published)
    published.chmod(0o644)
    with duckdb.connect(str(published)) as db:
        db.execute(
            "update marts.unassigned_projects set suggested_product_id = 'support-desk', "
            "suggestion_reason = 'shares a word' where project_slug = 'chatbot-poc'"
        )
    given = {"seeds_dir": folder / "seeds", "pages_editing": True} | settings
    app = create_app(settings_of(published, **given))
    with serving.served(app) as url:
        yield Desk(Browser(url), folder / "seeds", app.state.editor)


@pytest.fixture
def desk(first: Deployment, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(first, tmp_path)


def text(answer: requests.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


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


def test_a_rule_says_how_many_issues_it_matches_while_it_is_written(
    desk: Desk, first: Deployment
) -> None:
    (count,) = first.read(
        "select count(*) as issues from marts.fct_issues where title ilike '%error%' "
        "and project_slug like 'checkout-%' and status not in ('deleted', 'merged')"
    )
    asked = "cell.project=checkout-*&cell.field=title&cell.pattern=*ERROR*"
    shown = text(desk.browser.get(f"/catalog/issue_rules/matches?{asked}&cell.organization=Acme"))
    assert f"Matches {count['issues']:,} issues" in shown
    assert count["issues"] > 0
    form, *_ = desk.row("issue_rules/row?project=checkout-*&field=title&pattern=*error*")
    page = form.send(desk.url, "enter")
    assert f"Matches {count['issues']:,} issues" in text(page)
    asked = "cell.project=checkout-*&cell.field=logger&cell.pattern=x"
    assert "is not published" in text(desk.browser.get(f"/catalog/issue_rules/matches?{asked}"))

    before = (desk.seeds / "issue_rules.csv").read_text()
    shown_page = form.send(desk.url, "check", {"product_id": "payments"})
    assert shown_page.status_code == 200, text(shown_page)
    forms(shown_page)[0].send(desk.url, "save")
    assert (
        desk.seeds / "issue_rules.csv"
    ).read_text() == before + ",checkout-*,title,*error*,payments\n"


def test_texts_of_the_catalog_are_text(desk: Desk) -> None:
    form, *_ = desk.row("products/row")
    entries = {"product_id": "evil", "name": HOSTILE, "owner_team": HOSTILE, "description": HOSTILE}
    shown = form.send(desk.url, "check", entries)
    pages = [shown, forms(shown)[0].send(desk.url, "save")]
    (desk.seeds / "project_products.csv").write_text(
        f'organization,project,product_id\n"{HOSTILE}","{HOSTILE}",{HOSTILE[:8]}\n'.replace(
            "\"'", ""
        )
    )
    pages += [
        desk.browser.get(f"/catalog/{path}") for path in ("", "products/", "project_products/")
    ]
    line = desk.line("products.csv", "evil")
    for path in (
        f"products/row?line={line}",
        "project_products/row?line=2",
        f"products/?q={HOSTILE}",
    ):
        pages.append(desk.browser.get(f"/catalog/{path}"))
    pages.append(form.send(desk.url, "save", entries | {"name": HOSTILE * 2}))

    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "49" not in text(page).partition("alert(2)")[2][:12]
        assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=\"|\sstyle=", page.text) == []


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"step": "drop"}, 400, "none of these pages"),
        ({"line": "-1"}, 400, "none of these pages"),
        ({"cell.colour": "red"}, 400, "none of these pages"),
        ({"cell.name": "x" * 70_000}, 413, "64 KB"),
        ({f"cell.{n}": "" for n in range(100)}, 400, "100 fields"),
        ({"cell.name": "\0"}, 400, "NUL"),
        ({"cell.name": b"\xff"}, 400, "not in UTF-8"),
        ({"line": "1"}, 422, "no row in line 1"),
        (
            {"cell.name": "", "cell.product_id": "", "cell.is_active": "", "action": "add"},
            422,
            "blank",
        ),
    ],
)
def test_what_is_no_form_of_ours_is_refused(
    desk: Desk, change: dict[str, Any], status: int, words: str
) -> None:
    before = desk.contents()
    form, *_ = desk.row("products/row?line=2")
    blank = dict.fromkeys(form.fields, "") if "blank" in words else {}
    kept = {"step": "save", "line": "0", "fingerprint": form.fields["fingerprint"]}
    data = {"step": "save", **form.fields, **(blank | kept if blank else {}), **change}

    answer = requests.post(
        f"{desk.url}/catalog/products/row", data, headers={"Origin": desk.url}, timeout=30
    )

    assert (answer.status_code, words in text(answer)) == (status, True)
    assert desk.contents() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example.com"},
        {"Host": "evil.example.com", "Origin": "http://evil.example.com"},
    ],
)
def test_another_site_cannot_change_the_catalog(desk: Desk, headers: dict[str, str]) -> None:
    before = desk.contents()
    form, *_ = desk.row("products/row?line=2")

    assert form.send(desk.url, "save", {"name": "Evil"}, **headers).status_code == 403
    assert desk.contents() == before


def test_another_type_than_a_forms_is_refused(desk: Desk) -> None:
    answer = requests.post(
        f"{desk.url}/catalog/products/row", json={}, headers={"Origin": desk.url}, timeout=30
    )
    assert answer.status_code == 415


def test_one_preview_at_a_time_and_the_others_are_told_to_wait(desk: Desk) -> None:
    form, *_ = desk.row("products/row?line=2")
    with desk.editor._previews:
        answer = form.send(desk.url, "check", {"name": "Shop"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "Try again in a moment" in text(answer)
    again = forms(answer)[0]
    assert again.fields["cell.name"] == "Shop"
    assert [value for _, value in again.buttons] == ["check", "enter"]


def test_without_a_warehouse_the_reason_stands_where_the_consequences_would(desk: Desk) -> None:
    form, *_ = desk.row("products/row?line=2")

    answer = form.send(desk.url, "check", {"name": "Shop"})

    assert "from which product_health.duckdb was made, is not there" in text(answer)
    assert "save" in [value for _, value in forms(answer)[0].buttons]


def test_a_file_that_cannot_be_written_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    form, *_ = desk.row("products/row?line=2")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.catalog.writing.os.fsync", full)
    before = desk.contents()
    answer = form.send(desk.url, "save", {"name": "Shop"})

    assert answer.status_code == 500
    assert "cannot be written: No space left on device" in text(answer)
    assert desk.contents() == before


def test_off_it_shows_everything_and_changes_nothing(first: Deployment, tmp_path: Path) -> None:
    for desk in desk_of(first, tmp_path, pages_editing=False):
        page = desk.browser.get("/catalog/")
        assert forms(page) == []
        assert "PAGES_EDITING=on" in page.text
        pasted = re.search(r"<pre[^>]*>(.*?)</pre>", page.text, re.DOTALL)
        assert pasted
        assert re.fullmatch(r"(acme,[\w-]+,[\w-]+\n)+", pasted[1])
        assert "Payment System" in desk.browser.get("/catalog/products/").text
        form, *_ = desk.row("products/row?line=2")
        answer = form.send(desk.url, "save", {"name": "Shop"}, step="save")
        assert answer.status_code in (400, 403)
        sent = {**form.fields, "step": "save", "cell.name": "Shop"}
        refused = requests.post(
            f"{desk.url}/catalog/products/row", sent, headers={"Origin": desk.url}, timeout=30
        )
        assert (refused.status_code, "Editing is off" in refused.text) == (403, True)


def test_behind_a_proxy_who_edits_is_required_and_logged(
    first: Deployment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for desk in desk_of(first, tmp_path, pages_user_header="X-Remote-User", pages_host="0.0.0.0"):
        form, *_ = desk.row("products/row?line=2")
        for headers in ({}, {"X-Remote-User": ""}):
            refused = form.send(desk.url, "save", {"name": "Shop"}, **headers)
            assert (refused.status_code, "X-Remote-User" in refused.text) == (403, True)
        name = 'jané "x"'.encode().decode("latin-1")
        saved = form.send(desk.url, "save", {"name": "Shop"}, **{"X-Remote-User": name})
        assert saved.status_code == 200
        (line,) = [r.getMessage() for r in caplog.records if r.name.endswith("catalog_editor")]
        path = desk.seeds / "products.csv"
        assert re.fullmatch(
            rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ \"jané \\\"x\\\"\" changed the row of line 2 in {path}",
            line,
        )


def test_without_such_a_proxy_only_this_machine_edits(first: Deployment, tmp_path: Path) -> None:
    for desk in desk_of(first, tmp_path, ui_hosts="products.example.com"):
        form, *_ = desk.row("products/row?line=2")
        there = {"Host": "products.example.com", "Origin": "https://products.example.com"}
        refused = form.send(desk.url, "save", {"name": "Shop"}, **there)
        assert (refused.status_code, "this machine alone" in refused.text) == (403, True)


@pytest.mark.parametrize(
    ("host", "header", "is_allowed"),
    [
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("::1", "", True),
        ("0.0.0.0", "", False),
        ("192.0.2.7", "", False),
        ("0.0.0.0", "X-Remote-User", True),
    ],
)
def test_it_starts_only_where_not_everybody_could_edit(
    tmp_path: Path, host: str, header: str, is_allowed: bool
) -> None:
    settings = settings_of(
        tmp_path / "product_health.duckdb",
        pages_editing="on",
        pages_host=host,
        pages_user_header=header,
    )
    if is_allowed:
        create_app(settings)
    else:
        with pytest.raises(SettingsError, match="PAGES_USER_HEADER"):
            create_app(settings)


def test_every_file_and_column_of_the_catalog_can_be_edited() -> None:
    assert [sheet.table for sheet in SHEETS.values()] == list(TABLES)
    for sheet in SHEETS.values():
        assert sorted(sheet.fields) == sorted(sheet.table.names)


def test_a_header_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match="pages_user_header"):
        Settings(_env_file=None, pages_user_header="X User")
