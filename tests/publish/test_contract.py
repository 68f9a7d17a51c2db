"""What is promised to people who write SQL: kept by the models, and by each file before it is published."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.publish import PublishError, verify
from pipelines.publish.contract import PUBLICATION_COLUMNS, contract
from pipelines.settings import ROOT
from tests.publish.data import Data


def test_each_promised_column_is_one_of_the_models_with_that_type() -> None:
    described = {
        (model["name"], column["name"]): column.get("data_type", "").lower()
        for file in (ROOT / "dbt_project" / "models" / "marts").rglob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ())
        for column in model.get("columns", ())
    }
    of_models = {key: kind for key, kind in contract().items() if key[0] != "publication"}

    assert {key: described.get(key) for key in of_models} == of_models
    assert {column for table, column in contract() if table == "publication"} == set(
        PUBLICATION_COLUMNS
    )


def test_a_column_that_nobody_was_promised_is_no_reason_to_refuse_the_file(data: Data) -> None:
    data.change("alter table marts.dim_products add column nickname varchar")

    data.publish()

    assert verify(data.target).run_id == "run-1"


def test_every_broken_promise_is_named_in_one_message(data: Data, tmp_path: Path) -> None:
    data.publish()
    file = tmp_path / "broken.duckdb"
    file.write_bytes(data.target.read_bytes())
    with duckdb.connect(str(file)) as db:
        db.execute("drop view marts.product_issues")
        db.execute("drop table marts.triage_queue")
        db.execute("alter table marts.fct_issues drop column title")
        db.execute("alter table marts.fct_issues alter column event_count set data type integer")

    with pytest.raises(PublishError) as refused:
        verify(file)

    assert str(refused.value) == (
        f"{file} breaks the contract: product_issues is missing; triage_queue is missing; "
        "fct_issues.title is missing; fct_issues.event_count is integer, not bigint"
    )
