"""What leaves, by a real mail server, webhook and chat: whole, safe, and with what is not sent said in words."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import shutil
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.notify import delivery, outbox, store
from pipelines.notify.channels import CHANNELS
from pipelines.notify.channels.channel import NotSentError, RefusedError, UncertainError
from pipelines.notify.channels.mail import Mail, mail_of
from pipelines.settings import Settings
from tests.notify.mail_server import MailServer
from tests.notify.messages import AS_OF, alert, message, reason, recipient
from tests.notify.receiver import Webhook

HOSTILE = (
    "Evil\r\nBcc: all@example.com <script>alert(1)</script> @everyone <!channel> [x](http://evil)"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        notify_from="Sentry by Product <sbp@example.com>",
        pages_url="https://products.example.com/",
    )


def with_server(settings: Settings, url: str) -> Settings:
    settings.notify_smtp_url = SecretStr(url)
    return settings


def test_a_mail_has_text_and_html_and_the_headers_of_an_automatic_one(settings: Settings) -> None:
    with MailServer() as server:
        Mail().send(with_server(settings, server.url), message(alert(reason("1"), reason("2"))))
    [mail] = server.mails
    assert mail["Subject"] == "Checkout: 2 new issues of high priority"
    assert (mail["To"], mail["From"]) == ("ops@example.com", "Sentry by Product <sbp@example.com>")
    assert mail["Message-ID"] == "<0123456789abcdef@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"].startswith("<mailto:sbp@example.com?subject=Unsubscribe%20ops")
    text, html = (part.get_content() for part in mail.iter_parts())
    for body in (text, html):
        assert "ValueError: 2" in body
        assert "https://sentry.example/issues/2/" in body
        assert "https://products.example.com/products/checkout" in body
    assert mail_of(settings, message(alert(reason())), "ops@example.com").as_bytes() != b""


def test_nothing_from_outside_can_act_in_a_mail(settings: Settings) -> None:
    with MailServer() as server:
        Mail().send(with_server(settings, server.url), message(alert(reason("1", title=HOSTILE))))
    [mail] = server.mails
    assert "Bcc" not in mail
    assert "\n" not in str(mail["Subject"])
    _, html = (part.get_content() for part in mail.iter_parts())
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("server", "error", "words"),
    [
        (MailServer("451 try later"), NotSentError, "answers 451 try later"),
        (MailServer("554 no spam"), RefusedError, "answers 554 no spam"),
        (
            MailServer(rcpt="550 <ops@example.com> is unknown"),
            RefusedError,
            r"answers 550 <\[address\]> is unknown",
        ),
        (MailServer(rcpt="450 greylisted"), NotSentError, "answers 450 greylisted"),
        (MailServer(None), UncertainError, "did not answer after the mail"),
    ],
)
def test_what_a_mail_server_does_decides_whether_it_is_tried_again(
    settings: Settings, server: MailServer, error: type[Exception], words: str
) -> None:
    with server, pytest.raises(error, match=words):
        Mail().send(with_server(settings, server.url), message(alert(reason())))


def test_it_logs_in_and_says_what_is_wrong_without_the_password(settings: Settings) -> None:
    with MailServer(password="right") as server:
        url = server.url.replace("//", "//me%40x:right@")
        Mail().send(with_server(settings, url), message(alert(reason())))
        assert server.logins == [(b"me@x", b"right")]
        with pytest.raises(NotSentError, match="refuses user and password") as found:
            Mail().send(
                with_server(settings, url.replace("right", "wrong")), message(alert(reason()))
            )
    assert "wrong" not in str(found.value)


@pytest.mark.skipif(not shutil.which("openssl"), reason="nothing makes a certificate here")
def test_mail_is_encrypted_where_the_server_can_and_only_to_who_it_says_it_is(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *pair],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with MailServer(tls=context) as server:
        with pytest.raises(NotSentError, match="shows no valid certificate"):
            Mail().send(with_server(settings, server.url), message(alert(reason())))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        Mail().send(settings, message(alert(reason())))
    assert server.was_encrypted == [True]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "NOTIFY_SMTP_URL is not set"),
        ("https://x:secret@example.com", "is no address like smtps://"),
        ("smtp://x:secret@127.0.0.1:1", "127.0.0.1:1 cannot be reached: Connection refused"),
    ],
)
def test_a_server_that_is_not_there_is_said(settings: Settings, url: str, words: str) -> None:
    with pytest.raises(NotSentError, match=words) as found:
        Mail().send(with_server(settings, url), message(alert(reason())))
    assert "secret" not in str(found.value)


def test_a_webhook_is_signed_and_known_again(settings: Settings) -> None:
    settings.notify_webhook_secret = SecretStr("pepper")
    with Webhook() as webhook:
        sent = message(alert(reason()), channel="webhook", address=webhook.url)
        for _ in range(2):
            CHANNELS["webhook"].send(settings, sent)
    assert webhook.received[0] == webhook.received[1]
    headers, body = webhook.headers[0], webhook.bodies[0]
    assert headers["Idempotency-Key"] == webhook.headers[1]["Idempotency-Key"] == sent.key
    expected = hmac.new(b"pepper", body, hashlib.sha256).hexdigest()
    assert headers["X-Signature-256"] == f"sha256={expected}"
    content = json.loads(body)
    assert content["groups"][0]["items"][0]["subject"] == "1"
    assert content["subject"] == "Checkout: new issue of high priority: ValueError: 1"


@pytest.mark.parametrize(
    ("status", "error"), [(500, NotSentError), (429, NotSentError), (410, RefusedError)]
)
def test_a_webhook_that_refuses(settings: Settings, status: int, error: type[Exception]) -> None:
    with Webhook(status) as webhook, pytest.raises(error, match=f"HTTP {status}") as found:
        CHANNELS["webhook"].send(
            settings, message(alert(reason()), channel="webhook", address=webhook.url)
        )
    assert "secret-path" not in str(found.value)


def test_a_chat_gets_text_in_which_nothing_acts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Webhook() as webhook:
        monkeypatch.setenv("NOTIFY_ADDRESS_OPS", webhook.url.replace("http://", "json://"))
        sent = message(
            alert(reason("1", title=HOSTILE)), channel="chat", address="env:NOTIFY_ADDRESS_OPS"
        )
        CHANNELS["chat"].send(settings, sent)
    [body] = webhook.received
    assert "Checkout" in body["title"]
    for text in (body["title"], body["message"]):
        assert not [each for each in ("@everyone", "<!channel>", "](http") if each in text]
    with pytest.raises(NotSentError, match="did not take"):
        CHANNELS["chat"].send(settings, sent)  # nobody is there any more


def test_an_address_that_the_environment_does_not_hold_is_said_by_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = message(alert(reason()), address="env:NOTIFY_ADDRESS_OPS")
    with pytest.raises(NotSentError, match="NOTIFY_ADDRESS_OPS is not set"):
        Mail().send(with_server(settings, "smtp://127.0.0.1:1"), sent)
    monkeypatch.setenv("NOTIFY_ADDRESS_OPS", "secret but no address")
    with pytest.raises(NotSentError, match="holds no address of channel mail") as found:
        Mail().send(settings, sent)
    assert "secret" not in str(found.value)


def test_a_channel_that_is_away_is_tried_again_less_and_less_often(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    now = AS_OF
    with store.opened(settings.notify_state) as db:
        for number in range(3):
            outbox.insert(db, recipient(), "new_high", str(number), alert(reason()), now, now)
        with caplog.at_level(logging.ERROR):
            assert delivery.deliver(settings, now=lambda: now) == {"pending": 1}
        assert "NOTIFY_SMTP_URL is not set" in caplog.text
        for _ in range(100):
            now += timedelta(hours=2)
            delivery.deliver(settings, now=lambda at=now: at)
        rows = db.execute("select state, tries, error from messages").fetchall()
    assert {tuple(row)[:2] for row in rows} == {("failed", outbox.MOST_TRIES)}
    with MailServer() as server:
        delivery.deliver(with_server(settings, server.url), now=lambda: now)
    assert server.mails == []


def test_what_waited_for_the_server_is_sent_when_it_is_back(settings: Settings) -> None:
    with store.opened(settings.notify_state) as db:
        outbox.insert(db, recipient(), "new_high", "x", alert(reason()), AS_OF, AS_OF)
        delivery.deliver(settings, now=lambda: AS_OF)
        with MailServer() as server:
            with_server(settings, server.url)
            for minutes in (1, 3, 9):
                delivery.deliver(settings, now=lambda m=minutes: AS_OF + timedelta(minutes=m))
        assert [mail["Message-ID"] for mail in server.mails] == ["<x@example.com>"]
        assert db.execute("select state, error from messages").fetchone()[:] == ("sent", None)
