"""`check` and `suggest` as a person or a CI job runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.catalog.__main__ import main

from .conftest import PRODUCTS, SHOP, Folder

EXAMPLE = Path(__file__).parents[2] / "seeds"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEDS_DIR", raising=False)
    monkeypatch.delenv("DATA_DIR", raising=False)


def publish(sql: str) -> Path:
    published = Path("data") / "product_health.duckdb"
    published.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(published)) as connection:
        connection.execute("create schema if not exists marts;" + sql)
    return published


PROJECTS = """
    create table marts.dim_projects as
    select * from (values
        ('acme', 'checkout-web', null::varchar[], false),
        ('acme', 'general-ledger', ['ledger'], false)
    ) as projects (organization_slug, project_slug, former_slugs, is_deleted);
"""
UNASSIGNED = """
    create table marts.unassigned_projects as
    select * from (values
        ('acme', 'quiet', 0, 0, null, null),
        ('acme', 'ledger-api', 12, 3400, 'payments', 'shares the prefix "ledger" with ledger'),
        ('acme', 'checkout-new', 1, 2, 'checkout', 'mapped by now')
    ) as projects (
        organization_slug, project_slug, unresolved_issues, events_7d,
        suggested_product_id, suggestion_reason
    );
"""


def test_the_example_catalog_has_no_finding(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    assert main(["check", "--seeds", str(EXAMPLE)]) == 0

    assert capsys.readouterr().out == (
        f"{EXAMPLE}: 14 products and 20 mapping rows, no errors, no warnings (not compared with "
        "Sentry's projects: data/product_health.duckdb is not there yet; "
        "`make sync` makes it, or `make demo` a sample)\n"
    )


def test_errors_are_listed_line_by_line_and_the_exit_code_is_1(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    folder.write("products.csv", PRODUCTS + SHOP + "a,A,paymnts,,,P1,\nlone,Lone,,,,,\n")

    assert main(["check"]) == 1

    output = capsys.readouterr()
    *lines, summary = output.out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "seeds/products.csv:5",
        "seeds/products.csv:5",
        "seeds/products.csv:6",
    ]
    assert summary.startswith("seeds: 2 errors, 1 warning (not compared")
    assert output.err == ""


def test_warnings_alone_do_not_fail(capsys: pytest.CaptureFixture[str], folder: Folder) -> None:
    publish(PROJECTS)

    assert main(["check"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        'seeds/project_products.csv:3: warning: project "ledger" of any organization was renamed in '
        'Sentry and keeps its product for now; write "general-ledger"',
        "seeds: 3 products and 2 mapping rows, no errors, 1 warning "
        "(compared with 2 projects of data/product_health.duckdb)",
    ]


def test_the_folders_come_from_the_environment(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDS_DIR", "nowhere")
    monkeypatch.setenv("DATA_DIR", "elsewhere")

    assert main(["check"]) == 1

    assert capsys.readouterr().out == (
        "nowhere: error: the folder is missing\n"
        "nowhere: 1 error, 0 warnings (not compared with Sentry's projects: "
        "elsewhere/product_health.duckdb is not there yet; `make sync` makes it, or `make demo` a sample)\n"
    )


def test_the_folders_come_from_the_file_of_settings_where_the_environment_names_none(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text(
        "SENTRY_AUTH_TOKEN=secret\nexport SEEDS_DIR='no where'  # ours\nDATA_DIR=elsewhere\n"
    )
    monkeypatch.setenv("DATA_DIR", "")

    assert main(["check"]) == 1

    assert "no where: error: the folder is missing" in (printed := capsys.readouterr().out)
    assert "elsewhere/product_health.duckdb is not there yet" in printed

    monkeypatch.setenv("SEEDS_DIR", "seeds")

    assert main(["check"]) == 0


def test_the_demos_data_are_found_where_nothing_else_is_published(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    publish(PROJECTS + UNASSIGNED).rename(Path("data") / "there.duckdb")
    (Path("data") / "demo").mkdir()
    (Path("data") / "there.duckdb").rename(Path("data") / "demo" / "product_health.duckdb")

    assert main(["suggest"]) == 1

    assert capsys.readouterr().err == (
        "data/product_health.duckdb is not there yet; `make sync` makes it, and the demo's is in "
        "data/demo: put DATA_DIR=data/demo before the command\n"
    )
    assert main(["suggest", "--data", "data/demo"]) == 0


@pytest.mark.parametrize("content", [b"", b"no database" * 2000, None])
def test_a_published_file_that_cannot_be_read_does_not_stop_the_check(
    capsys: pytest.CaptureFixture[str], folder: Folder, content: bytes | None
) -> None:
    published = Path("data") / "product_health.duckdb"
    published.parent.mkdir()
    if content is None:
        published.mkdir()
    else:
        published.write_bytes(content)

    assert main(["check"]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "seeds: 3 products and 2 mapping rows, no errors, no warnings (not compared with Sentry's "
        "projects: data/product_health.duckdb "
    )


def test_a_published_file_without_the_table_says_so(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    publish("")

    assert main(["suggest"]) == 1

    assert capsys.readouterr().err.startswith(
        "data/product_health.duckdb lacks a table: Catalog Error: "
    )


def test_suggestions_are_rows_to_paste_with_the_reasons_beside(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    publish(UNASSIGNED)

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
    publish(UNASSIGNED)
    folder.write("project_products.csv", "organization;project;product_id\n")

    assert main(["suggest"]) == 0

    assert capsys.readouterr().out == "acme;ledger-api;payments\nacme;checkout-new;checkout\n"


def test_nothing_unassigned_is_said_plainly(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    publish(UNASSIGNED + "delete from marts.unassigned_projects;")

    assert main(["suggest"]) == 0

    assert capsys.readouterr() == ("", "Every project of Sentry has a product.\n")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parent), **environment},
    )


def test_a_terminal_without_unicode_is_no_reason_to_fail(folder: Folder) -> None:
    folder.write("products.csv", PRODUCTS + SHOP + "支付,P,shop,,,,\n")

    finished = run("-m", "pipelines.catalog", "check", PYTHONIOENCODING="ascii")

    assert finished.returncode == 1
    assert r'product_id "\u652f\u4ed8" may hold only' in finished.stdout
    assert finished.stderr == ""


def test_a_reader_that_goes_away_gives_no_traceback(folder: Folder) -> None:
    rows = "".join(f"p{number},P,nowhere,,,,\n" for number in range(20_000))
    folder.write("products.csv", PRODUCTS + SHOP + rows)

    command = f'"{sys.executable}" -m pipelines.catalog check | head -1'
    finished = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parent)},
    )

    assert finished.stdout.startswith("seeds/products.csv:5: error: ")
    assert finished.stderr == ""


def test_the_catalog_needs_neither_dagster_nor_dbt() -> None:
    code = (
        "import sys, pipelines.catalog.__main__; "
        "print(sorted({'dagster', 'dbt', 'dlt'} & {name.partition('.')[0] for name in sys.modules}))"
    )

    assert run("-c", code).stdout == "[]\n"
