"""What the pages read of the outbox: no address that lets anybody write there, and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.notify import outbox, store
from pipelines.notify.record import latest
from tests.notify.messages import AS_OF, alert, reason, recipient


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("mail", "ops@example.com", "commerce, mail ops@example.com"),
        ("mail", "env:NOTIFY_ADDRESS_OPS", "commerce, mail (address in the environment)"),
        ("chat", "slack://a/b/secret", "commerce, chat slack"),
        ("webhook", "https://u:p@example.com/secret?k=1", "commerce, webhook example.com"),
    ],
)
def test_a_recipient_is_shown_without_what_is_secret(
    tmp_path: Path, channel: str, address: str, shown: str
) -> None:
    to = recipient(channel=channel, address=address)
    with store.opened(tmp_path / "notify.sqlite") as db:
        outbox.insert(db, to, "new_high", "x", alert(reason()), AS_OF, AS_OF)
    record = latest(tmp_path / "notify.sqlite")
    assert record.counts == {"pending": 1}
    assert [(row["to"], row["subject"]) for row in record.messages] == [(shown, "Checkout")]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert latest(tmp_path / "none.sqlite") == latest(None)
    file = tmp_path / "notify.sqlite"
    file.touch()
    assert latest(file) == latest(None), "made, and not yet written"
    file.write_bytes(b"no database" * 100)
    assert "damaged" in (latest(file).problem or "")
