"""The mail server of the demo keeps what our own channel sends."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from pipelines.demo.mail_catcher import caught, index_of, mail_catcher
from pipelines.notify.channels.mail import Mail
from pipelines.settings import Settings
from tests.notify.messages import alert, message, reason


def test_a_mail_is_kept_to_be_looked_at(tmp_path: Path) -> None:
    with mail_catcher(tmp_path / "mails") as url:
        settings = Settings(notify_smtp_url=SecretStr(url), notify_from="sbp@example.com")
        for title in ("one", ".hidden <line>"):
            Mail().send(settings, message(alert(reason("1", title=title))))
    (newest, to, subject), _ = caught(tmp_path / "mails")
    assert (newest.name, to) == ("002.html", "ops@example.com")
    assert subject == "Checkout: new issue of high priority: .hidden <line>"
    assert ".hidden <line>" in newest.with_suffix(".txt").read_text()
    assert "<h2" in newest.read_text()
    index = index_of(tmp_path / "mails").read_text()
    assert '<li><a href="002.html">' in index
    assert ".hidden &lt;line&gt;</a> to ops@example.com" in index
