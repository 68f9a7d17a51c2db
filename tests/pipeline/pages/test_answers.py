"""An answer is kept for as long as its publication, within bounds, and is the same for every kind of reader."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import duckdb
import requests
from starlette.requests import Request
from starlette.responses import Response

from pipelines.pages.answers import Answers
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, served
from tests.pipeline.pages.test_replaced import replace

PLAIN = Request({"type": "http", "headers": []})
COMPRESSED = Request({"type": "http", "headers": [(b"accept-encoding", b"gzip")]})


def test_an_answer_is_worked_out_once() -> None:
    answers, worked = Answers(), []

    def work() -> Response:
        worked.append(1)
        return Response(b"page" * 1000, media_type="text/html")

    plain = answers.get("a", PLAIN, work, 1)
    compressed = answers.get("a", COMPRESSED, work, 1)
    assert len(worked) == 1
    assert plain.body == gzip.decompress(compressed.body) == b"page" * 1000
    assert int(compressed.headers["content-length"]) == len(compressed.body) < 200
    assert plain.headers["vary"] == compressed.headers["vary"] == "Accept-Encoding"


def test_twenty_who_ask_at_once_wait_for_one() -> None:
    answers, worked, go = Answers(), [], threading.Barrier(20)

    def work() -> Response:
        worked.append(1)
        return Response(b"page")

    def ask() -> None:
        go.wait()
        assert answers.get("a", PLAIN, work, 10).body == b"page"

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(worked) == 1


def test_the_longest_unused_goes_first_and_a_refusal_is_not_kept() -> None:
    answers, worked = Answers(most_bytes=75), []

    def ask(key: str, status: int = 200) -> None:
        answers.get(key, PLAIN, lambda: (worked.append(key), Response(b"x" * 9, status))[1], 1)

    for key in ("a", "b", "c", "a", "d", "a", "b"):  # three fit
        ask(key)
    assert worked == ["a", "b", "c", "d", "b"]
    ask("refused", 400)
    ask("refused", 400)
    assert worked.count("refused") == 2


def test_a_page_goes_with_its_publication(first: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "product_health.duckdb"
    replace(first.published, path, "one")
    with served(path) as browser:
        before = browser.get("/products/").text
        assert browser.get("/products/").text == before
        renamed = tmp_path / "renamed.duckdb"
        replace(first.published, renamed, "two")
        with duckdb.connect(str(renamed)) as db:
            db.execute("update marts.product_overview set product_name = 'Renamed'")
        renamed.replace(path)
        assert "Renamed" not in before
        assert "Renamed" in browser.get("/products/").text


def test_what_is_sent_is_compressed(pages: Browser) -> None:
    for path in ("/products/", "/search/?q=o", "/static/style.css"):
        with requests.get(pages.url + path, stream=True, timeout=30) as answer:
            sent = answer.raw.read(decode_content=False)
        assert answer.headers["content-encoding"] == "gzip"
        assert len(sent) < 20_000
