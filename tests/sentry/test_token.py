"""The token is sent to Sentry and is nowhere else."""

from __future__ import annotations

import gzip
import logging
import math
import traceback
from pathlib import Path

import pytest

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.errors import SentryError
from tests.sentry.syncing import SyncedWarehouse

TOKEN = "sntryu_c0ffee0123456789deadbeef"


def files_that_hold(secret: str, folder: Path) -> list[Path]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if content[:2] == b"\x1f\x8b":
                content = gzip.decompress(content)
            if secret.encode() in content:
                found.append(path)
    return found


@pytest.mark.parametrize(
    "fault",
    [
        None,
        "500",
        "html_200",
        "reset",
        "truncated",
        "revoke_token",
        "repeat_cursor",
        "changed_type",
    ],
)
def test_the_token_is_in_no_log_no_error_no_file_and_no_metadata(
    world: SentryWorld,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: str | None,
) -> None:
    told: list[str] = []
    with caplog.at_level(logging.DEBUG), FakeSentry(world, "self-hosted", TOKEN) as fake_sentry:
        for name in ("dlt", "urllib3", "pipelines"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        if fault:
            fake_sentry.faults.add(fault, "/issues/", after=3, times=math.inf, field="title")
        warehouse = SyncedWarehouse(tmp_path, fake_sentry, ["acme"], {"events_per_issue": 1})
        sync = warehouse.new_sync(token=TOKEN)
        told.append(repr(sync))
        told.append(repr(sync.session.auth))
        try:
            told.append(repr(warehouse.sync(token=TOKEN)))
        except SentryError as error:
            told.append(repr(error))
            told.extend(traceback.format_exception(error))
    logging.getLogger("dlt").setLevel(logging.ERROR)

    assert fake_sentry.requests
    assert all(logged.status != 401 for logged in fake_sentry.requests) or fault == "revoke_token"
    out, err = capfd.readouterr()
    for text in (*told, caplog.text, out, err):
        assert TOKEN not in text
    assert len(list(tmp_path.rglob("*"))) > 1
    assert files_that_hold(TOKEN, tmp_path) == []


def test_the_search_for_the_token_would_find_it(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text(f"x{TOKEN}x")
    (tmp_path / "packed").write_bytes(gzip.compress(TOKEN.encode()))
    assert len(files_that_hold(TOKEN, tmp_path)) == 2


def test_a_region_that_a_reply_names_gets_no_token_unless_it_is_the_same_site(
    world: SentryWorld, tmp_path: Path
) -> None:
    with FakeSentry(world, "saas") as elsewhere, FakeSentry(world, "saas", TOKEN) as fake_sentry:
        elsewhere.state.token = ""
        fake_sentry._region_urls["us"] = elsewhere.url.replace("127.0.0.1", "localhost")

        assert not SyncedWarehouse(tmp_path, fake_sentry).quick_sync(token=TOKEN).failures

        assert elsewhere.requests == []
