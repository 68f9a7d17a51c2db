"""The token is sent to Sentry and is nowhere else."""

from __future__ import annotations

import gzip
import html
import json
import logging
import math
import re
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from pipelines.sentry.errors import SentryError
from pipelines.sentry.http.token import Token
from pipelines.warehouse.load import load
from tests.sentry.hostile_sentry import Change, HostileSentry, Raw, body, having, header
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


# With all that a writer of addresses, JSON or HTML may escape.
ODD = 'sntryu/c0+ffee=01&23"45678\\9dead<beef'
SPELLINGS = {
    ODD,
    quote(ODD),
    quote(ODD, safe=""),
    quote(ODD, safe="").lower(),
    quote(quote(ODD, safe=""), safe=""),
    "".join(f"%{ord(letter):02X}" for letter in ODD),
    "".join(f"\\u{ord(letter):04x}" for letter in ODD),
    json.dumps(ODD)[1:-1],
    json.dumps(ODD)[1:-1].replace("/", "\\/").replace("+", "\\u002B").replace("&", "\\u0026"),
    html.escape(ODD),
}


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_the_token_is_redacted_however_it_is_escaped(spelling: str) -> None:
    assert Token(ODD).redact(f"x{spelling}y".encode()) == b"x(SENTRY_AUTH_TOKEN)y"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), st.binary())
def test_redacting_leaves_no_token_and_changes_nothing_else(token: str, sent: bytes) -> None:
    redacted = Token(token).redact(sent + token.encode() + sent)
    assert token.encode() not in redacted.replace(b"(SENTRY_AUTH_TOKEN)", b"")
    assert Token("never-in-there-0123456789").redact(sent) == sent


def test_a_server_that_echoes_the_token_finds_it_redacted_everywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    refusal = json.dumps({"detail": f"Invalid token: Bearer {ODD}"})
    issues = r"/issues/\?.*limit=100"
    answers: list[tuple[str, Change | Raw]] = [
        ("/organizations/refused/", body(refusal, 401)),
        ("/organizations/elsewhere/", body("", 302, Location=f"https://x.example/{quote(ODD)}/")),
        ("/organizations/here/", body("", 302, Location=f"/api/0/{quote(ODD, safe='')}/")),
        ("/organizations/linked/projects/", header(Link=f'<{ODD}>; rel="next"')),
        ("/organizations/named/", having("slug", f"../{ODD}")),
        ("/organizations/region/", having("links.regionUrl", f"http://[{ODD}")),
        ("/organizations/typed/" + issues[8:], having(ODD, [ODD])),
        ("/organizations/listed" + issues, having("title", f"Refused: {ODD}")),
        ("/organizations/garbled/", Raw(f"HTTP/1.1 200 OK\r\n{ODD}\r\n\r\n{{}}".encode())),
        ("/organizations/torn/", Raw(f"{ODD}\r\n".encode())),
    ]
    world = SentryWorld()
    slugs = [re.split("/", pattern)[2] for pattern, _ in answers]
    for slug in slugs:
        organization = world.create_organization(slug)
        world.create_issue(world.create_project(organization, f"{slug}-api"), "ValueError: 1")
    with caplog.at_level(logging.DEBUG), HostileSentry(world, answers, ODD) as sentry:
        for name in ("dlt", "urllib3", "pipelines"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        warehouse = SyncedWarehouse(tmp_path, sentry, slugs)
        load(warehouse.path, tmp_path / "dlt", {})
        for files in warehouse.new_sync(token=ODD).loads():
            load(warehouse.path, tmp_path / "dlt", files)
    logging.getLogger("dlt").setLevel(logging.ERROR)

    failures = dict(
        warehouse.rows(
            "select organization_slug, failure from raw.organization_syncs where failure is not null"
        )
    )
    assert failures.keys() == {*slugs} - {"listed", "typed"}
    assert "Invalid token: Bearer (SENTRY_AUTH_TOKEN)" in failures["refused"]
    title = "select title from raw.issues where organization_slug = 'listed'"
    assert warehouse.value(title) == "Refused: (SENTRY_AUTH_TOKEN)"
    out, err = capfd.readouterr()
    for spelling in SPELLINGS:
        for text in (*failures.values(), caplog.text, out, err):
            assert spelling not in text
        assert files_that_hold(spelling, tmp_path) == []


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
