"""`docs/tables.md` says what is published, and its queries answer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from docs.generate_tables import DOCS, PAGE, READ_FIRST, page, published_tables

from .conftest import PublishedFile

# The projects of this Sentry are named at random, so that nothing suggests a product.
SAYS_NOTHING_HERE = {"suggested_product_id", "suggestion_reason"}
QUERIES = sorted((DOCS / "queries").glob("*.sql"))


def test_the_page_on_disk_is_what_make_docs_writes(published: PublishedFile) -> None:
    written = page(published_tables(published.manifest))
    assert PAGE.read_text(encoding="utf-8") == written, (
        "docs/tables.md is out of date: run `make docs`"
    )


def test_the_page_names_every_published_table_and_column_with_its_type(
    published: PublishedFile,
) -> None:
    described = {
        (table.name, column.name, column.kind)
        for table in published_tables(published.manifest)
        for column in table.columns
    }
    with _open(published) as db:
        found = db.execute(
            "select table_name, column_name, lower(data_type) from information_schema.columns"
            " where table_schema = 'marts'"
        ).fetchall()
    assert described == set(found)
    assert {table for table, _, _ in described} >= set(READ_FIRST)


def test_every_table_and_column_is_described(published: PublishedFile) -> None:
    silent = [
        f"{table.name}.{column.name}"
        for table in published_tables(published.manifest)
        for column in table.columns
        if not column.description.strip()
    ]
    vague = [
        table.name
        for table in published_tables(published.manifest)
        if not table.description.startswith("One row")
    ]
    assert (silent, vague) == ([], [])


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_every_query_answers(published: PublishedFile, file: Path) -> None:
    with _open(published) as db:
        result = db.execute(file.read_text(encoding="utf-8"))
        columns = [column[0] for column in result.description or []]
        rows = result.fetchall()
    assert rows
    # A column in which nothing ever stands answers nothing.
    assert [
        c
        for c, values in zip(columns, zip(*rows, strict=True), strict=True)
        if set(values) == {None} and c not in SAYS_NOTHING_HERE
    ] == []


def test_the_questions_that_were_asked_have_queries() -> None:
    assert len(QUERIES) >= 10
    for file in QUERIES:
        title, asked_by, first, *_ = file.read_text(encoding="utf-8").splitlines()
        assert title.startswith("-- "), file
        assert asked_by.startswith("-- "), file
        assert ": " in asked_by, file
        assert first == "select", file


def _open(published: PublishedFile) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(f"attach '{published.file}' as product_health (read_only)")
    db.execute("use product_health")
    return db
