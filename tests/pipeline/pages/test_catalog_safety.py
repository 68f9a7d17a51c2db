"""Who may change the catalog, what is no form of ours, and texts that would be more than text."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.pages.app import create_app
from pipelines.settings import Settings, SettingsError
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import settings_of
from tests.pipeline.pages.desk import Desk, desk_of, text
from tests.pipeline.pages.forms import forms

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"


@pytest.fixture
def desk(first: Deployment, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(first, tmp_path)


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


def test_a_header_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match="pages_user_header"):
        Settings(_env_file=None, pages_user_header="X User")
