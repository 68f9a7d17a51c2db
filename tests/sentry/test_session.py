"""Every way a reply can be: a whole answer, a thing to try again, or a clear error that keeps the token to itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.sentry.errors import (
    BadRequestError,
    ConfigurationError,
    EndpointMissingError,
    ForbiddenError,
    NotFoundError,
    SentryError,
    TokenRefusedError,
    UnavailableError,
)
from pipelines.sentry.http.client import SentryApi, is_same_site
from pipelines.sentry.http.connections import ReusedConnectionError
from pipelines.sentry.http.responses import address, classify, detail_of
from pipelines.sentry.http.session import RetryPolicy, SentrySession
from tests.sentry.syncing import QUICK

SECRET = "sntryu_0123456789abcdef"
JSON, HTML = "application/json", "text/html; charset=utf-8"


def reply(status: int, body: str = "{}", kind: str = JSON, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body.encode("utf-8", "surrogatepass")
    response.url = "https://someone:secret@sentry.example/api/0/organizations/?query=x"
    response.headers.update({"Content-Type": kind, **headers})
    return response


class Script(BaseAdapter):
    """Plays replies, or raises errors, one after the other, and keeps the requests."""

    def __init__(self, *turns: requests.Response | Exception) -> None:
        super().__init__()
        self.turns: Iterator[requests.Response | Exception] = iter(turns)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.requests.append(request)
        turn = next(self.turns)
        if isinstance(turn, Exception):
            raise turn
        turn.url, turn.request, turn.raw = str(request.url), request, None
        turn._content_consumed = True
        return turn

    def close(self) -> None:
        pass


def no_pause(_: float) -> None:
    pass


def session_of(script: Script) -> SentrySession:
    session = SentrySession(SECRET, retry_policy=QUICK, sleep=no_pause)
    session.mount("https://", script)
    return session


def ask(script: Script, path: str = "organizations/") -> Any:
    return SentryApi("https://sentry.example", session_of(script)).get(path)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (reply(401, '{"detail": "Invalid token"}'), TokenRefusedError, "SENTRY_AUTH_TOKEN"),
        (reply(401, '{"detail": {"code": "sso-required"}}'), TokenRefusedError, "signed in .* SSO"),
        (reply(401, "", HTML), TokenRefusedError, "no reason given"),
        (reply(403), ForbiddenError, "scopes org:read"),
        (reply(404, '{"detail": "no"}'), NotFoundError, "does not exist"),
        (reply(404, "", HTML), EndpointMissingError, "not an endpoint"),
        (reply(405), EndpointMissingError, "405"),
        (reply(422, '{"detail": [{"type": "enum"}]}'), EndpointMissingError, "422"),
        (reply(400, '{"detail": "Invalid sort"}'), BadRequestError, "Invalid sort"),
        (reply(414, "", HTML), BadRequestError, "414"),
        (
            reply(301, "", HTML, Location="https://elsewhere.example/"),
            ConfigurationError,
            "SENTRY_URL",
        ),
    ],
)
def test_what_is_final_is_an_error_that_says_what_to_do(
    response: requests.Response, error: type[SentryError], words: str
) -> None:
    with pytest.raises(error, match=words) as raised:
        classify(response)
    assert "secret" not in str(raised.value)
    assert "query=x" not in str(raised.value)


@pytest.mark.parametrize(
    "response",
    [
        reply(429, '"too quickly"', HTML),
        reply(500),
        reply(502, "", HTML),
        reply(504, "", HTML),
        reply(410, '{"message": "This API no longer exists."}'),
        reply(400, '{"detail": "Query timeout. Please try with a smaller date range"}'),
        reply(200, '[{"id": "1"}, {"id"'),
        reply(200, ""),
        reply(200, "<html>", HTML),
    ],
)
def test_what_may_pass_is_tried_again(response: requests.Response) -> None:
    assert classify(response)


def test_a_lone_surrogate_does_not_spoil_a_page() -> None:
    response = reply(200, '[{"title": "broken \\ud800 text"}]')
    assert classify(response) is None
    assert response.json() == [{"title": "broken \ufffd text"}]


@given(st.integers(200, 599), st.binary(max_size=60), st.sampled_from([JSON, HTML, ""]))
def test_no_reply_at_all_brings_an_unexpected_exception(
    status: int, body: bytes, kind: str
) -> None:
    response = reply(status, kind=kind)
    response._content = body
    try:
        verdict = classify(response)
    except SentryError:
        return
    assert verdict or json.loads(body) == response.json()


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_the_servers_words_are_short_text_whatever_they_are(body: Any) -> None:
    assert 0 < len(detail_of(reply(400, json.dumps(body)))) <= 200


TORN = requests.ConnectionError("reset"), requests.Timeout("slow")


@pytest.mark.parametrize("trouble", [*TORN, reply(503), reply(429), reply(200, "[1,")])
def test_trouble_that_passes_costs_only_retries(trouble: Any) -> None:
    script = Script(trouble, reply(200, '{"fine": 1}'))
    assert ask(script) == {"fine": 1}
    assert len(script.requests) == 2


@pytest.mark.parametrize("trouble", [TORN[0], reply(503), reply(429, kind=HTML), reply(200, "[1,")])
def test_trouble_that_stays_ends_in_an_error(trouble: Any) -> None:
    script = Script(*[trouble] * 40)
    with pytest.raises(UnavailableError, match="next run will try again"):
        ask(script)
    assert len(script.requests) <= QUICK.rate_limit_attempts


@pytest.mark.parametrize("every", [1, 2, 4])
def test_a_server_that_closes_kept_connections_costs_retries_and_no_attempt(every: int) -> None:
    world = SentryWorld()
    world.create_organization("acme")
    with FakeSentry(world, "self-hosted") as fake_sentry:
        fake_sentry.flavour = replace(fake_sentry.flavour, resets_reused=every)
        session = SentrySession(TOKEN, retry_policy=RetryPolicy(attempts=1), sleep=no_pause)
        api = SentryApi(fake_sentry.url, session)
        for _ in range(40):
            assert api.get("organizations/acme/")["slug"] == "acme"
        assert session.traffic.requests == 40 + session.traffic.retries == len(fake_sentry.requests)
        assert session.traffic.retries

        fake_sentry.faults.add("reset", times=math.inf)  # new connections too
        with pytest.raises(UnavailableError, match="connection failed"):
            api.get("organizations/acme/")


def test_closed_connections_without_end_come_to_one() -> None:
    closed = requests.ConnectionError("reset")
    closed.__cause__ = ReusedConnectionError()
    script = Script(*[closed] * 99)
    with pytest.raises(UnavailableError, match="closed it since its last use"):
        ask(script)
    assert len(script.requests) == 20 + QUICK.attempts


def test_an_endpoint_switched_off_for_a_minute_is_asked_once_more() -> None:
    assert ask(Script(reply(500), reply(410), reply(200, "{}"))) == {}
    with pytest.raises(EndpointMissingError, match="switched off"):
        ask(Script(reply(410), reply(410)))


def test_an_endpoint_that_answers_with_a_web_page_is_asked_once_more() -> None:
    assert ask(Script(reply(200, "<html>", HTML), reply(200, "{}"))) == {}
    script = Script(*[reply(200, "<html>", HTML)] * 3)
    with pytest.raises(EndpointMissingError, match="a web page in place of JSON"):
        ask(script)
    assert len(script.requests) == 2


def test_a_redirect_on_the_same_server_is_followed_and_counted() -> None:
    script = Script(reply(302, Location="/api/0/projects/acme/new/?limit=1"), reply(200, "{}"))
    assert ask(script, "projects/acme/old/") == {}
    assert script.requests[1].url == "https://sentry.example/api/0/projects/acme/new/?limit=1"
    assert script.requests[1].headers["Authorization"] == f"Bearer {SECRET}"


def test_redirects_in_circles_end() -> None:
    with pytest.raises(UnavailableError, match="circles"):
        ask(Script(*[reply(302, Location="/api/0/organizations/") for _ in range(9)]))


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "http://sentry.example/api/0/",
        "//evil.example/",
        "https://sentry.example:99/",
    ],
)
def test_a_redirect_elsewhere_gets_neither_token_nor_request(target: str) -> None:
    script = Script(reply(302, Location=target))
    with pytest.raises(ConfigurationError, match="SENTRY_URL"):
        ask(script)
    assert len(script.requests) == 1


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "shortened\u2026", "tab\t"])
def test_a_token_that_no_header_can_carry_is_refused_unquoted(token: str) -> None:
    with pytest.raises(ConfigurationError, match="SENTRY_AUTH_TOKEN") as raised:
        SentrySession(token)
    assert token not in str(raised.value)


def test_a_password_in_the_address_is_refused_unquoted() -> None:
    with pytest.raises(ConfigurationError, match="SENTRY_URL") as raised:
        SentryApi("https://ada:hunter2@sentry.example", SentrySession(SECRET))
    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in address("https://ada:hunter2@sentry.example/api/0/")


@pytest.mark.parametrize(
    ("base", "other", "may"),
    [
        ("https://sentry.io", "https://de.sentry.io", True),
        ("https://us.sentry.io", "https://de.sentry.io", True),
        ("https://us.sentry.io", "https://sentry.io", True),
        ("https://sentry.io", "http://de.sentry.io", False),
        ("https://sentry.io", "https://evilsentry.io", False),
        ("https://sentry.io", "https://sentry.io.evil.example", False),
        ("https://sentry.io", "https://sentry.io@evil.example", False),
        ("https://shop.co.uk", "https://evil.co.uk", False),
        ("https://sentry.corp.example", "https://eu.sentry.corp.example", True),
        ("https://sentry.corp.example", "https://other.corp.example", False),
        ("http://10.0.0.1:9000", "http://10.0.0.1:9001", True),
        ("http://10.0.0.1", "http://9.10.0.0.1", False),
        ("https://10.0.0.1", "https://9.10.0.0.1", True),
        ("http://10.0.0.1", "http://[", False),
        ("http://10.0.0.1", "http://10.0.0.2", False),
        ("http://localhost", "", False),
        ("", "", False),
    ],
)
def test_the_token_goes_to_the_same_owner_only(base: str, other: str, may: bool) -> None:
    assert is_same_site(base, other) is may


@given(st.text(), st.text())
def test_any_two_texts_are_compared_without_a_crash(base: str, other: str) -> None:
    assert is_same_site(base, other) in (True, False)
