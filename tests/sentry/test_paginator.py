"""Pages end where the server says so, and never go round in circles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Request, Response

from pipelines.sentry.errors import TruncatedError
from pipelines.sentry.http.paginator import SentryPaginator, next_cursor

URL = "https://sentry.example/api/0/organizations/acme/issues/"
CURSORS = st.text("0123456789:=abcXYZ+/", min_size=1, max_size=20)


def header(cursor: str, *, more: bool, quirk: bool = False) -> str:
    said = str(more).lower()
    link = (
        f'<{URL}?&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", '
        f'<{URL}?limit=100&cursor={cursor}>; rel="next"; results="{said}"; cursor="{cursor}"'
    )
    return str({link}) if quirk else link


def reply(link: str) -> Response:
    response = Response()
    response.url = URL
    response.headers["Link"] = link
    return response


@given(CURSORS, st.booleans(), st.booleans())
def test_a_next_link_counts_only_if_it_says_results(cursor: str, more: bool, quirk: bool) -> None:
    assert next_cursor(header(cursor, more=more, quirk=quirk)) == (cursor if more else None)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "nonsense",
        # GlitchTip's last page: the same address, no cursor, and the repr of a set.
        f'{{\'<{URL}>; rel="previous"; results="false", <{URL}>; rel="next"; results="false"\'}}',
        # Another's header, as a proxy adds them.
        f'<{URL}style.css>; rel="preload"; as="style"',
    ],
)
def test_without_a_cursor_there_is_no_next_page(link: str) -> None:
    assert next_cursor(link) is None


@given(st.permutations(["rel", "results", "cursor", "title"]), CURSORS, st.booleans())
def test_the_order_of_the_words_does_not_matter(order: list[str], cursor: str, more: bool) -> None:
    said = {"rel": "next", "results": str(more).lower(), "cursor": cursor, "title": "more"}
    link = f"<{URL}>" + "".join(f'; {name}="{said[name]}"' for name in order)
    assert next_cursor(f'</a.css>; rel="preload", {link}') == (cursor if more else None)


@pytest.mark.parametrize(
    "link",
    [
        f'<{URL}>; rel="next"; results="true"',
        f'<{URL}>; rel="next"; results="perhaps"; cursor="5:0:0"',
        f'<{URL}?cursor=5:0:0>; rel="next"',
        f"<{URL}?cursor=5:0:0>; rel=next; results=true; cursor=5:0:0",
        f"<{URL}?cursor=5:0:0>; rel='next'; results='true'; cursor='5:0:0'",
    ],
)
def test_a_next_page_in_other_words_is_not_the_end(link: str) -> None:
    with pytest.raises(TruncatedError, match="Link header"):
        next_cursor(link)


def test_a_page_behind_a_cursor_has_to_tell_whether_it_is_the_last() -> None:
    paginator = SentryPaginator()
    paginator.update_state(reply(header("5:0:0", more=True)), [1])
    with pytest.raises(TruncatedError, match="Link header"):
        paginator.update_state(reply(""), [1])


def test_the_cursor_is_taken_and_the_address_is_not() -> None:
    paginator = SentryPaginator()
    paginator.update_state(
        reply(header("5:0:0", more=True).replace("sentry.example", "internal")), [1]
    )
    request = Request("GET", URL, params={"limit": 100})

    paginator.update_request(request)

    assert request.url == URL
    assert request.params == {"limit": 100, "cursor": "5:0:0"}


def test_the_last_page_ends_it() -> None:
    paginator = SentryPaginator()
    paginator.update_state(reply(header("5:0:0", more=True)), [1])
    assert paginator.has_next_page
    paginator.update_state(reply(header("6:0:0", more=False)), [1])
    assert not paginator.has_next_page


@given(st.lists(CURSORS, min_size=1, unique=True), st.data())
def test_a_cursor_that_comes_again_is_an_error(cursors: list[str], data: st.DataObject) -> None:
    paginator = SentryPaginator()
    for cursor in cursors:
        paginator.update_state(reply(header(cursor, more=True)), [1])

    with pytest.raises(TruncatedError, match="cursor does not move"):
        paginator.update_state(reply(header(data.draw(st.sampled_from(cursors)), more=True)), [1])


def test_some_empty_pages_are_not_the_end_but_endless_ones_are_an_error() -> None:
    paginator = SentryPaginator()
    for number in range(50):
        paginator.update_state(reply(header(f"{number}:0:0", more=True)), [])
    assert paginator.has_next_page
    with pytest.raises(TruncatedError):
        paginator.update_state(reply(header("50:0:0", more=True)), [])
