"""The one way to open the published file for reading."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.publish import PublishError, open_published
from tests.publish.data import Data

RUN = "select run_id from marts.publication"


def test_a_file_that_was_replaced_is_seen_though_an_older_one_is_open(data: Data) -> None:
    data.publish("run-1")
    with open_published(data.target) as before:
        data.publish("run-2", hours=1)
        with open_published(data.target) as after:
            assert after.execute(RUN).fetchall() == [("run-2",)]
        assert before.execute(RUN).fetchall() == [("run-1",)]


def test_nothing_can_be_written(data: Data) -> None:
    data.publish()

    with pytest.raises(PublishError, match="read-only"), open_published(data.target) as connection:
        connection.execute("create table marts.mine as select 1")


def test_a_table_that_is_missing_is_not_a_variable_of_ours(data: Data) -> None:
    data.publish()
    absent = pa.table({"n": [1]})

    with pytest.raises(PublishError, match="lacks a table"), open_published(data.target) as db:
        db.execute("from absent")
    assert absent
