"""`publications` and `rollback` as a person runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.publish import read_publication
from tests.publish.data import Data, published_at


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Data:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    data = Data(tmp_path)
    data.build("run-1")
    return data


def test_they_are_listed_and_restored(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    for hour in (0, 1):
        data.publish(f"run-{hour + 1}", hours=hour)

    assert main(["publications"]) == 0
    listed = capsys.readouterr().out
    assert "20261123T100500Z" in listed
    assert "20261123T090500Z" in listed
    assert main(["rollback"]) == 0
    assert f"{published_at():%Y-%m-%d %H:%M} UTC" in capsys.readouterr().out
    assert read_publication(data.target).run_id == "run-1"
    assert main(["rollback", "20261123T100500Z"]) == 0
    assert read_publication(data.target).run_id == "run-2"


def test_what_cannot_be_done_is_one_line(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    data.publish()

    assert main(["rollback"]) == 1
    assert capsys.readouterr().err == f"no publication earlier than {data.target} is kept\n"
    data.target.unlink()
    assert main(["publications"]) == 1
    assert capsys.readouterr().err == f"nothing is published at {data.target}\n"
