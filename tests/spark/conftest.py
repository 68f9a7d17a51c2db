"""One Spark cluster for the session. Whoever builds on it finds what the test before has left, as after a change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.spark.cluster import Cluster, cluster


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster") / "spark") as started:
        yield started
