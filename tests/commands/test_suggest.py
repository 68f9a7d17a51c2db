"""`suggest` as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.__main__ import main
from tests.catalog.small_catalog import Folder

from .small_publication import UNASSIGNED, write_published


def test_suggestions_are_rows_to_paste_with_the_reasons_beside(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    write_published(UNASSIGNED)

    assert main(["suggest"]) == 0

    output = capsys.readouterr()
    assert output.out == "acme,ledger-api,payments\n"
    assert output.err.splitlines() == [
        "1 project mapped since the last publication, not shown.",
        "2 projects of Sentry without a product, the busiest first:",
        '  acme/ledger-api  12 unresolved, 3,400 events in 7 days; payments: shares the prefix "ledger" '
        "with ledger",
        "  acme/quiet       0 unresolved, 0 events in 7 days; no suggestion",
        "Rows to add to seeds/project_products.csv (check each: these are guesses):",
    ]
    with (folder.path / "project_products.csv").open("a") as file:
        file.write(output.out)
    assert folder.messages() == []


def test_suggestions_have_the_delimiter_of_the_file(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    write_published(UNASSIGNED)
    folder.write("project_products.csv", "organization;project;product_id\n")

    assert main(["suggest"]) == 0

    assert capsys.readouterr().out == "acme;ledger-api;payments\nacme;checkout-new;checkout\n"


def test_nothing_unassigned_is_said_plainly(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    write_published(UNASSIGNED + "delete from marts.unassigned_projects;")

    assert main(["suggest"]) == 0

    assert capsys.readouterr() == ("", "Every project of Sentry has a product.\n")


def test_the_demos_data_are_pointed_to_where_nothing_else_is_published(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = Path("data") / "demo"
    write_published(UNASSIGNED, demo)

    assert main(["suggest"]) == 1

    assert capsys.readouterr().err == (
        "data/product_health.duckdb is not there yet; `make sync` makes it, and the demo's is in "
        "data/demo: put DATA_DIR=data/demo before the command\n"
    )
    monkeypatch.setenv("DATA_DIR", str(demo.absolute()))
    assert main(["suggest"]) == 0


def test_a_published_file_without_the_table_says_so(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    write_published("")

    assert main(["suggest"]) == 1

    assert capsys.readouterr().err.startswith(
        "data/product_health.duckdb lacks a table: Catalog Error: "
    )
