"""The file may be replaced at any moment: each page is of one publication, and none fails."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import duckdb

from pipelines.pages.published import PublishedFile
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, served

REPLACEMENTS = 30


def test_a_reader_keeps_its_publication_and_the_next_one_has_the_new(
    first: Deployment, tmp_path: Path
) -> None:
    path = tmp_path / "product_health.duckdb"
    replace(first.published, path, "one")
    file = PublishedFile(path)
    with file.reading() as early:
        replace(first.published, path, "two")
        with file.reading() as late:
            assert [
                reader.run("select run_id from marts.publication") for reader in (early, late)
            ] == [
                [{"run_id": "one"}],
                [{"run_id": "two"}],
            ]


def test_what_is_kept_in_memory_is_of_the_publication(first: Deployment, tmp_path: Path) -> None:
    path, beside = tmp_path / "product_health.duckdb", tmp_path / "beside.duckdb"
    replace(first.published, path, "one")
    file = PublishedFile(path)
    with file.reading() as early:
        assert early.run("select count(*) > 0 as found from kept.issues") == [{"found": True}]
        replace(first.published, beside, "two")
        with duckdb.connect(str(beside)) as db:
            db.execute("update marts.fct_issues set status = 'deleted'")
        beside.replace(path)
        with file.reading() as late:
            assert [
                reader.run("select count(*) > 0 as found from kept.issues")
                for reader in (early, late)
            ] == [
                [{"found": True}],
                [{"found": False}],
            ]


def test_readers_see_no_error_while_publications_change(first: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "product_health.duckdb"
    replace(first.published, path, "0")
    done, failures, answers = threading.Event(), [], []
    with served(path) as browser:
        readers = [
            threading.Thread(target=read, args=(browser, done, failures, answers)) for _ in range(8)
        ]
        for reader in readers:
            reader.start()
        for number in range(REPLACEMENTS):
            replace(first.published, path, str(number))
        done.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert len(answers) > REPLACEMENTS


def read(
    browser: Browser, done: threading.Event, failures: list[object], answers: list[str]
) -> None:
    try:
        while not done.is_set():
            for path in ("/products/", "/healthz", "/trends/", "/issues/"):
                answers.append(browser.get(path).text)
    except Exception as error:
        failures.append(error)


def replace(source: Path, path: Path, run_id: str) -> None:
    """Publish a copy with another run_id, as publications are: beside, then in its place."""
    beside = path.with_suffix(".new")
    shutil.copy(source, beside)
    beside.chmod(0o644)
    with duckdb.connect(str(beside)) as db:
        db.execute("update marts.publication set run_id = $run_id", {"run_id": run_id})
    os.replace(beside, path)
