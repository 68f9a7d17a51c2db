"""Which earlier publications are kept, and the way back to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.publish import PublishError, publications, read_publication, rollback
from tests.publish.data import Data

NAMES = ["product_health.duckdb"] + [
    f"product_health.20261123T{hour:02}0500Z.duckdb" for hour in (12, 11, 10, 9)
]


def publish_hourly(data: Data, count: int, keep: int = 3) -> None:
    for hour in range(count):
        data.publish(f"run-{hour + 1}", hours=hour, keep=keep)


def run_id(file: Path) -> str:
    return read_publication(file).run_id


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_the_last_few_publications_are_kept_under_their_time(data: Data, keep: int) -> None:
    publish_hourly(data, 5, keep)

    assert data.names() == {"warehouse.duckdb", *NAMES[: keep + 1]}
    assert [run_id(data.folder / name) for name in NAMES[: keep + 1]] == [
        "run-5", "run-4", "run-3", "run-2",
    ][: keep + 1]  # fmt: skip


def test_the_one_before_comes_back_and_the_replaced_one_is_kept(data: Data) -> None:
    publish_hourly(data, 3)

    assert rollback(data.target).run_id == "run-2"

    assert run_id(data.target) == "run-2"
    assert [publication.run_id for publication in publications(data.target)] == [
        "run-2", "run-3", "run-1",
    ]  # fmt: skip


def test_each_rollback_goes_one_further_back_and_ends_where_nothing_is_earlier(data: Data) -> None:
    publish_hourly(data, 3)

    assert rollback(data.target).run_id == "run-2"
    assert rollback(data.target).run_id == "run-1"
    with pytest.raises(PublishError, match="no publication earlier"):
        rollback(data.target)
    assert run_id(data.target) == "run-1"


def test_any_kept_publication_can_be_named_also_a_later_one(data: Data) -> None:
    publish_hourly(data, 3)

    assert rollback(data.target, "20261123T090500Z").run_id == "run-1"
    assert rollback(data.target, "20261123T110500Z").run_id == "run-3"
    with pytest.raises(PublishError, match="20261123T070000Z"):
        rollback(data.target, "20261123T070000Z")


def test_publishing_goes_on_after_a_rollback(data: Data) -> None:
    publish_hourly(data, 3)
    rollback(data.target)
    data.publish("run-4", hours=3, keep=3)

    assert [publication.run_id for publication in publications(data.target)] == [
        "run-4", "run-3", "run-2", "run-1",
    ]  # fmt: skip


def test_a_damaged_file_is_not_put_back(data: Data) -> None:
    publish_hourly(data, 2)
    kept = data.folder / "product_health.20261123T090500Z.duckdb"
    content = kept.read_bytes()
    kept.unlink()
    kept.write_bytes(content[: len(content) // 2])
    os.utime(kept, ns=(1, 1))

    with pytest.raises(PublishError, match="20261123T090500Z"):
        rollback(data.target)

    assert run_id(data.target) == "run-2"


def test_a_lost_current_file_can_be_put_back(data: Data) -> None:
    publish_hourly(data, 3)
    data.target.unlink()

    assert rollback(data.target).run_id == "run-2"


def test_a_current_file_that_cannot_be_read_is_replaced_and_kept(data: Data) -> None:
    data.target.write_bytes(b"something else")
    os.utime(data.target, (0, 0))

    data.publish()

    assert run_id(data.target) == "run-1"
    kept = data.folder / "product_health.19700101T000000Z.duckdb"
    assert kept.read_bytes() == b"something else"
