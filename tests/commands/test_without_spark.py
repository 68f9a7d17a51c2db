"""What `MODELS_ON=spark` and `make spark` say where something is missing: one message each, with the fix."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.settings import Settings
from pipelines.spark import SparkError, cluster, prepare, server
from pipelines.spark.compare import compare
from pipelines.spark.storage import Storage


def test_without_the_packages_the_way_to_install_them_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyhive", None)
    with pytest.raises(SparkError, match=r"requirements/spark.txt"), server.connected(("x", 1)):
        pass
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(SparkError, match=r"requirements/spark.txt"), cluster.cluster(tmp_path):
        pass


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "none is found"),
        ("echo 'Unable to locate a Java Runtime.' >&2; exit 1", "says: Unable to locate"),
        ("echo 'openjdk version \"11.0.2\"' >&2", 'says: openjdk version "11.0.2"'),
    ],
)
def test_without_java_the_way_to_install_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, said: str
) -> None:
    if script:
        (tmp_path / "java").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "java").chmod(0o700)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.setattr(cluster, "_spark_home", lambda: tmp_path)
    with pytest.raises(SparkError, match="openjdk-17") as refused, cluster.cluster(tmp_path):
        pass
    assert said in str(refused.value)


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyhive")
    settings = Settings(
        data_dir=tmp_path, spark_url="thrift://127.0.0.1:1", spark_storage=str(tmp_path)
    )
    with pytest.raises(SparkError, match=r"thrift://127.0.0.1:1 \(SPARK_URL\)"):
        prepare(settings, "digest")


def test_what_is_written_to_the_storage_is_read_whatever_its_path(tmp_path: Path) -> None:
    storage = Storage(f"{tmp_path}/a 'b' #1?")
    rows = pa.table({"n": [1, 2]})
    storage.write("raw/x/1", rows.to_reader())
    storage.write("raw/x/2", rows.to_reader())
    storage.remove("raw/x", but="2")
    assert [path.name for path in tmp_path.glob("*/raw/x/*")] == ["2"]
    assert storage.read("raw/x/2").to_table() == rows
    assert storage.address("raw/x/2") == f"file:{tmp_path}/a 'b' #1?/raw/x/2"


def test_a_storage_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SparkError, match=r"SPARK_STORAGE .*/file cannot be used"):
        Storage(f"{tmp_path}/file").write("x", pa.table({"n": [1]}).to_reader())


def test_files_are_equal_but_for_the_last_digits_of_floats(tmp_path: Path) -> None:
    rows = {
        "same": "values (1, 0.30000000049999998), (2, null), (2, 'inf'::double)",
        "near": "values (2, 'inf'::double), (2, null), (1, 0.30000000050000003)",
        "other": "values (2, 'inf'::double), (2, null), (1, 0.3000000009)",
        "fewer": "values (1, 0.3000000005), (2, null)",
    }
    for name, values in rows.items():
        with duckdb.connect(str(tmp_path / name)) as db:
            db.execute(f"create schema marts; create table marts.t as from ({values}) as t(id, n)")
            db.execute(f"comment on table marts.t is '{'other' if name == 'fewer' else 'same'}'")
    found = [compare(tmp_path / "same", tmp_path / name)[0].difference for name in rows]
    assert found == ["", "", "1 rows differ", "same, not other"]
