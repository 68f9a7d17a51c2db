"""The Parquet folder: the same rows, swapped in one step."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.publish import rollback
from pipelines.publish.contract import contract
from tests.publish.data import Data


@pytest.fixture
def folder(data: Data) -> Path:
    return data.folder / "parquet"


def versions(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"current"}


def run_id(folder: Path) -> str:
    return str(pq.read_table(folder / "publication.parquet")["run_id"][0])


def test_every_table_is_there_with_the_rows_of_the_published_file(data: Data, folder: Path) -> None:
    data.publish(parquet_folder=folder)

    current = folder / "current"
    assert {file.stem for file in current.iterdir()} == {table for table, _ in contract()} - {
        "product_issues"
    }
    with duckdb.connect() as db:
        for file in current.iterdir():
            rows = db.execute(f"from '{file}' order by all").fetchall()
            assert rows == data.query(f"from marts.{file.stem} order by all")


def test_a_reader_that_resolved_the_link_keeps_its_publication(data: Data, folder: Path) -> None:
    data.publish("run-1", parquet_folder=folder)
    held = (folder / "current").resolve()
    data.publish("run-2", hours=1, parquet_folder=folder)

    assert run_id(held) == "run-1"
    assert run_id(folder / "current") == "run-2"


def test_the_last_few_folders_are_kept(data: Data, folder: Path) -> None:
    for hour in range(4):
        data.publish(hours=hour, keep=1, parquet_folder=folder)

    assert versions(folder) == {"20261123T110500Z", "20261123T120500Z"}


def test_a_rollback_brings_back_the_folder_too(data: Data, folder: Path) -> None:
    data.publish("run-1", parquet_folder=folder)
    data.publish("run-2", hours=1, parquet_folder=folder)

    rollback(data.target, parquet_folder=folder)

    assert run_id(folder / "current") == "run-1"


def test_others_can_read_neither_the_folders_nor_the_files(data: Data, folder: Path) -> None:
    data.publish(parquet_folder=folder)

    current = (folder / "current").resolve()
    assert current.stat().st_mode & 0o777 == 0o750
    assert {file.stat().st_mode & 0o777 for file in current.iterdir()} == {0o440}


def test_what_a_killed_publication_left_is_removed(data: Data, folder: Path) -> None:
    leftover = folder / "20261123T080500Z.tmp"
    leftover.mkdir(parents=True)
    (leftover / "fct_issues.parquet").write_bytes(b"half")
    (folder / "current.new").symlink_to("nowhere")

    data.publish(parquet_folder=folder)

    assert {path.name for path in folder.iterdir()} == {"20261123T090500Z", "current"}
