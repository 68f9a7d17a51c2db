"""What cannot be shown is said plainly, and nothing from outside gets through."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import requests

from pipelines.pages.published import PublishedFile, TooLongError
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import SERVER, Browser, served
from tests.pipeline.pages.hostile import ADDRESSES, hostile_address, hostile_copy


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/issues/?colour=red", 400, "no filter &#39;colour&#39;"),
        ("/issues/?status=broken", 400, "unresolved, resolved, ignored"),
        ("/issues/?sort=title;drop", 400, "sort is"),
        ("/issues/?page=0", 400, "a number from 1 on"),
        ("/products/?view=cube", 400, "tree, flat, heat"),
        ("/products/nothing", 404, "There is no product"),
        ("/teams/nobody", 404, "No team"),
        ("/catalog/nothing/", 404, "no table &#39;nothing&#39;"),
        ("/catalog/products/row?line=" + "9" * 5000, 404, "no row in line"),
        ("/catalog/products/?colour=red", 400, "no filter"),
        ("/elsewhere", 404, "no page under this address"),
    ],
)
def test_what_is_not_there_is_said(pages: Browser, path: str, status: int, words: str) -> None:
    assert words in pages.get(path, status).text


def test_without_a_published_file_it_is_said_what_makes_one(tmp_path: Path) -> None:
    with served(tmp_path / "product_health.duckdb") as browser:
        assert "make sync" in browser.get("/products/", 503).text
        assert "make sync" in browser.get("/healthz", 503).text


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    path = tmp_path / "product_health.duckdb"
    path.write_bytes(b"nothing of the sort" * 1000)
    with served(path) as browser:
        assert "cannot be read" in browser.get("/products/", 503).text


def test_titles_and_names_from_the_world_are_text(first: Deployment, tmp_path: Path) -> None:
    with served(hostile_copy(first.published, tmp_path / "product_health.duckdb")) as browser:
        for address in ADDRESSES:
            text = requests.get(browser.url + hostile_address(address), timeout=30).text
            assert "<script>alert" not in text
            assert "<img" not in text
            assert "javascript:" not in text
            assert "49\u202e" not in text


def test_only_links_to_the_configured_server_lead_out(pages: Browser, first: Deployment) -> None:
    links = {
        row["permalink"] for row in first.read("select permalink from marts.fct_issues limit 5")
    }
    assert not any(link.startswith(SERVER) for link in links)
    assert 'href="http' not in pages.get("/issues/").text


def test_another_name_for_the_host_is_refused(pages: Browser) -> None:
    assert "UI_HOSTS" in pages.get("/products/", 403, Host="evil.example.com").text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example.com"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 405),
    ],
)
def test_another_site_cannot_change_anything(
    pages: Browser, headers: dict[str, str], status: int
) -> None:
    answer = requests.post(pages.url + "/products/", headers=headers, timeout=30)
    assert answer.status_code == status


def test_every_answer_forbids_scripts_that_are_not_ours(pages: Browser) -> None:
    for path, status in (("/products/", 200), ("/elsewhere", 404), ("/static/style.css", 200)):
        policy = pages.get(path, status).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    assert (
        re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", pages.get("/products/").text) == []
    )


def test_a_request_ends_when_its_time_is_over(first: Deployment) -> None:
    file = PublishedFile(first.published, seconds=0.05)
    with pytest.raises(TooLongError, match="more than"), file.reading() as reader:
        reader.run("select count(*) from range(100000000) as a, range(100000) as b")


def test_the_file_is_read_and_nothing_else(first: Deployment, tmp_path: Path) -> None:
    with PublishedFile(first.published).reading() as reader:
        for statement in (
            f"copy (select 1) to '{tmp_path}/x'",
            "from read_text('/etc/hostname')",
            "delete from marts.fct_issues",
            "set enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                reader.run(statement)
    assert list(tmp_path.iterdir()) == []
