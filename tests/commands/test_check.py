"""`check` as a person or a CI job runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.settings import ROOT
from tests.catalog.small_catalog import PRODUCTS, SHOP, Folder

from .small_publication import PROJECTS, PROJECTS_WITH_ISSUES, write_published

NOT_COMPARED = (
    "(not compared with Sentry's projects: data/product_health.duckdb is not there yet; "
    "`make sync` makes it, or `make demo` a sample)"
)


def test_the_example_catalog_has_no_finding(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDS_DIR", "seeds/example")

    assert main(["check"]) == 0

    assert capsys.readouterr().out == (
        f"{ROOT / 'seeds' / 'example'}: 14 products and 21 mapping rows, no errors, no warnings {NOT_COMPARED}\n"
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
    assert summary == f"seeds: 2 errors, 1 warning {NOT_COMPARED}"
    assert output.err == ""


def test_warnings_alone_do_not_fail(capsys: pytest.CaptureFixture[str], folder: Folder) -> None:
    write_published(PROJECTS)

    assert main(["check"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        'seeds/project_products.csv:3: warning: project "ledger" of any organization was renamed in '
        'Sentry and keeps its product for now; write "general-ledger"',
        "seeds: 3 products and 2 mapping rows, no errors, 1 warning "
        "(compared with 2 projects of data/product_health.duckdb)",
    ]


def test_a_new_rule_that_no_published_issue_fits_is_said_and_nothing_where_the_file_cannot_tell(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    rules = (
        "title,Old typo",  # routed nothing in the last build
        "title,In*",  # fits, in any case
        "title,Typo*",
        "title,gone",  # fits what was deleted alone
        "culprit,pay.100%",
        "culprit,pay.100?",
        "logger,mail",  # not published
        "owner,#shop",
        "owner,#Pay*",
    )
    rows = "".join(f",ledger,{rule},checkout\n" for rule in rules)
    folder.write(
        "issue_rules.csv",
        f"organization,project,field,pattern,product_id\n{rows},elsewhere,title,x,checkout\n",
    )
    write_published(PROJECTS_WITH_ISSUES)

    assert main(["check"]) == 0

    lines = capsys.readouterr().out.splitlines()
    told = {line.split(":")[1]: line for line in lines if " no issue " in line}
    assert told.keys() == {"2", "4", "5", "6", "9"}
    assert "routed no issue in the last build" in told["2"]
    assert told["4"] == (
        'seeds/issue_rules.csv:4: warning: title "Typo*" fits no issue of project "ledger" yet; '
        "change it, unless it is meant for issues to come"
    )


def test_a_missing_folder_is_an_error(
    capsys: pytest.CaptureFixture[str], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDS_DIR", str(Path("nowhere").absolute()))

    assert main(["check"]) == 1

    assert capsys.readouterr().out == (
        f"nowhere: error: the folder is missing\nnowhere: 1 error, 0 warnings {NOT_COMPARED}\n"
    )


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
