"""Who is told what: the rows as people write them, and mistakes explained where they stand."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

from datetime import time

import pytest

from pipelines.catalog import Recipient, fingerprint, read_recipients
from pipelines.catalog.recipient_values import Digest, QuietHours

from .small_catalog import RECIPIENTS, Folder

FILE = "seeds/recipients.csv"


def test_a_row_may_leave_all_blank_but_where_to(folder: Folder) -> None:
    assert folder.messages() == []
    folder.write("recipients.csv", "team,channel,address\n,Mail,ops@example.com\n")

    assert folder.messages() == []
    assert read_recipients(folder.path) == (
        Recipient(None, "mail", "ops@example.com", None, None, None, None, "UTC", 2),
    )


def test_cells_are_understood_as_people_write_them(folder: Folder) -> None:
    before = fingerprint(folder.path)
    folder.write(
        "recipients.csv",
        RECIPIENTS
        + '(Unowned),chat,ENV:NOTIFY_ADDRESS_OPS,"new_high, SLA_BREACHED",high,weekly always,22:00\u20137:30 except critical,Europe/Berlin\n'
        + "Commerce,jira,PAY/Service  request,,,,,\n,webhook,https://example.com/x?k=1,none,,daily,12:00-24:00,\n",
    )

    assert folder.messages() == []
    chat, jira, webhook = read_recipients(folder.path)
    assert (chat.team, chat.address) == ("(unowned)", "env:NOTIFY_ADDRESS_OPS")
    assert (chat.rules, chat.min_priority) == (("new_high", "sla_breached"), "high")
    assert jira.address == "PAY/Service request"
    assert chat.digest == Digest("weekly", is_sent_always=True)
    assert chat.quiet_hours == QuietHours(time(22), time(7, 30), is_critical_sent=True)
    assert (chat.timezone, jira.rules, webhook.rules) == ("Europe/Berlin", None, ())
    assert webhook.quiet_hours == QuietHours(time(12), time(0))
    assert fingerprint(folder.path) != before


def test_quiet_hours_may_run_over_midnight() -> None:
    night, noon = QuietHours(time(22), time(7)), QuietHours(time(12), time(13))
    assert [night.holds_at(time(hour)) for hour in (21, 22, 3, 7)] == [False, True, True, False]
    assert [noon.holds_at(time(hour)) for hour in (11, 12, 13)] == [False, True, False]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            ",email,a@b.example,,,,,",
            'error: channel "email" is not a channel; write one of mail, chat, jira, webhook; did you mean "mail"?',
        ),
        (
            ",mail,ops at example.com,,,,,",
            'error: address "ops at example.com" is none of channel mail; write an address such as payments@example.com',
        ),
        (
            ",webhook,ftp://x/secret,,,,,",
            "error: address is none of channel webhook; write an address such as https://example.com/hooks/payments",
        ),
        (
            ",mail,env:SENTRY_AUTH_TOKEN,,,,,",
            'error: address "env:SENTRY_AUTH_TOKEN" names a variable that is not for addresses; write env:NOTIFY_ADDRESS_SENTRY_AUTH_TOKEN, and set that in .env',
        ),
        (
            ",chat,slack://a/b/c,,,,,",
            "warning: the address of a chat lets everybody write there who can read this file; write env:NOTIFY_ADDRESS_NAME, and the address in .env",
        ),
        (
            ",mail,a@b.example,new_hihg,,,,",
            'error: rules "new_hihg" names no rule; write some of new_high, regressed, sla_at_risk, sla_breached, health, sync_failed, sync_stale, or none; did you mean "new_high"?',
        ),
        (
            ",mail,a@b.example,,,hourly,,",
            'error: digest "hourly" is no digest; write one of daily, daily always, weekly, weekly always, or leave it blank for none',
        ),
        (
            ",mail,a@b.example,,,,at night,",
            'error: quiet_hours "at night" are no hours; write for example "22:00-07:00", or "22:00-07:00 except critical"',
        ),
        (
            ",mail,a@b.example,,,,25:00-7:00,",
            'error: quiet_hours "25:00-7:00" are no times of day; write for example "22:00-07:00", or "22:00-07:00 except critical"',
        ),
        (
            ",mail,a@b.example,,,,7:00-07:00,",
            'error: quiet_hours "7:00-07:00" would be all day; write rules none if nothing is to be sent',
        ),
        (
            ",mail,a@b.example,,,,,Berlin",
            'error: timezone "Berlin" is not known; write for example Europe/Berlin or America/New_York',
        ),
        (
            "comerce,mail,a@b.example,,,,,",
            'warning: team "comerce" owns no product, so that nothing is sent; did you mean "commerce"?',
        ),
        (
            ",jira,PAY,regressed,,,,",
            "error: there are no tickets for regressed; write some of new_high, sla_breached, or leave rules blank for both",
        ),
        (
            ",jira,pay/,,,,,",
            'error: address "pay/" is none of channel jira; write the key of a project in Jira such as PAY, or PAY/Task with the type of its tickets',
        ),
        (",jira,PAY,,,daily,,", "error: there is no digest by ticket; leave digest blank"),
    ],
)
def test_the_check_explains_mistakes(folder: Folder, row: str, message: str) -> None:
    folder.write("recipients.csv", f"{RECIPIENTS}{row}\n")

    assert folder.messages() == [f"{FILE}:2: {message}"]
    assert bool(read_recipients(folder.path)) == message.startswith("warning")


def test_the_same_recipient_twice_is_a_mistake(folder: Folder) -> None:
    folder.write("recipients.csv", RECIPIENTS + ",mail,a@b.example,,,,,\n" * 2)

    assert folder.messages() == [f"{FILE}:3: error: the same recipient as in line 2; write one row"]
