"""Recipients in a browser: what a row would have been sent stands before it is saved, and no secret is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.desk import Desk, desk_of, text
from tests.pipeline.pages.forms import forms

SECRET = "slack://TokenA/TokenB/TokenC/#checkout"
ROWS = f"""team,channel,address
checkout,mail,checkout@example.com
checkout,chat,{SECRET}
checkout,webhook,env:NOTIFY_ADDRESS_SHOP
"""


@pytest.fixture
def desk(first: Deployment, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(first, tmp_path)


def test_a_row_is_added_once_it_is_seen_what_it_would_have_been_sent(desk: Desk) -> None:
    path = desk.seeds / "recipients.csv"
    before = path.read_text()
    form, *_ = desk.row("recipients/row")
    row = {"team": "payments", "channel": "webhook", "digest": "daily"}

    shown = form.send(desk.url, "check", row | {"address": "env:NOTIFY_ADDRESS_PAY"})

    assert shown.status_code == 200, text(shown)
    assert "Add the recipient payments, webhook (address in the environment)?" in text(shown)
    sent = text(shown).partition("In what is sent")[2]
    assert "It would have been sent" in sent
    assert "messages in the last 7 days" in sent
    assert "A daily digest comes besides." in sent
    assert path.read_text() == before
    forms(shown)[0].send(desk.url, "save")
    assert path.read_text() == before + "payments,webhook,env:NOTIFY_ADDRESS_PAY,,,daily,,\n"


def test_a_change_is_shown_beside_what_the_row_is_sent_now(desk: Desk) -> None:
    line = desk.line("recipients.csv", "checkout,")
    form, (removal,) = desk.row(f"recipients/row?line={line}")

    shown = text(form.send(desk.url, "check", {"rules": "none"}))
    before, after = shown.partition("As it stands")[2].split("After the change")

    assert "messages in the last 7 days" in before
    assert "It would have been sent nothing in the last 7 days." in after
    removed = text(removal.send(desk.url, "check"))
    assert before.partition(". A daily")[0] in removed


@pytest.mark.parametrize(
    ("entries", "column", "words"),
    [
        ({"team": "checkout", "channel": "mail", "address": "nobody"}, "address", "is none of"),
        ({"team": "x", "channel": "jira", "address": "PAY", "digest": "daily"}, "digest", "ticket"),
        ({"channel": "mail", "address": "a@example.com", "rules": "hot"}, "rules", "names no rule"),
        ({"channel": "chat", "address": "env:SENTRY_AUTH_TOKEN"}, "address", "not for addresses"),
    ],
)
def test_what_is_wrong_stands_beside_the_entry(
    desk: Desk, entries: dict[str, str], column: str, words: str
) -> None:
    form, *_ = desk.row("recipients/row")

    answer = form.send(desk.url, "check", entries)

    beside = answer.text.partition(f'id="cell-{column}-found"')[2].partition("</ul>")[0]
    assert (answer.status_code, words in beside) == (422, True)


def test_addresses_that_let_anybody_write_are_for_those_who_may_edit(
    first: Deployment, tmp_path: Path
) -> None:
    pages = ("/catalog/", "/catalog/recipients/", "/catalog/recipients/row?line=3")
    for is_on in (True, False):
        for desk in desk_of(first, tmp_path, pages_editing=is_on):
            (desk.seeds / "recipients.csv").write_text(ROWS)
            shown = "".join(desk.browser.get(page).text for page in pages)
            assert "checkout@example.com" in shown
            assert "env:NOTIFY_ADDRESS_SHOP" in shown
            assert (SECRET in shown) == is_on
            found = desk.browser.get("/catalog/recipients/?q=tokenb").text
            assert ("No row matches" in found) == (not is_on)
            assert SECRET not in desk.browser.get(pages[2]).text.partition("<h1>")[0]
