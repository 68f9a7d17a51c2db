"""Programs with pools and open connections read while one publication follows another."""

from __future__ import annotations

from multiprocessing.context import ForkServerContext

import duckdb

from tests.publish.data import Data, published_at
from tests.publish.readers import WAYS, Sightings, read_until_last


def publish_series(data: Data, count: int) -> list[str]:
    for number in range(2, count + 2):
        data.build(f"run-{number}", as_of=published_at(number - 1))
        data.publish(f"run-{number}", hours=number)
    return [f"run-{number}" for number in range(1, count + 2)]


def test_pooled_readers_see_whole_publications_and_soon_the_last_one(
    data: Data, processes: ForkServerContext
) -> None:
    data.publish()
    published_all = processes.Event()
    reports = processes.SimpleQueue()
    readers = [
        processes.Process(
            target=read_until_last, args=(data.target, way, published_all, 300, reports)
        )
        for way in WAYS
    ]
    for reader in readers:
        reader.start()

    published = publish_series(data, 5)
    published_all.set()
    found: list[Sightings] = [reports.get() for _ in readers]
    for reader in readers:
        reader.join()

    for report in found:
        assert report.errors == []
        if report.way != "attach":  # of two pooled connections one may still hold the older file
            assert report.publications == sorted(report.publications)
        assert set(report.publications) <= set(published)
        assert report.publications[-1] == published[-1]


def test_an_open_connection_keeps_its_publication_and_an_attached_one_is_new(data: Data) -> None:
    data.publish()
    query = "select run_id from marts.publication"
    with duckdb.connect(str(data.target), read_only=True) as held:
        publish_series(data, 2)

        assert held.execute(query).fetchall() == [("run-1",)]
        assert data.query(query) == [("run-3",)]
        assert not list(data.folder.glob("*run-1*"))
    with duckdb.connect(str(data.target), read_only=True) as again:
        assert again.execute(query).fetchall() == [("run-3",)]
