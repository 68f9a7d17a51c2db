"""A webhook: JSON by POST, signed, and with a key by which the receiver knows a message again."""

from __future__ import annotations

import hashlib
import hmac
import json

import requests

from pipelines.notify.channels.channel import NotSentError, RefusedError, address_of, content_for
from pipelines.notify.content import rendered
from pipelines.notify.outbox import Message
from pipelines.settings import Settings

TIMEOUT = 20.0  # seconds
SIGNATURE = "X-Signature-256"


class Webhook:
    """A message as one request, which may come twice with the same `Idempotency-Key`."""

    is_repeatable = True

    def place(self, message: Message) -> str:
        """Return the address."""
        return f"webhook {message.address}"

    def send(self, settings: Settings, message: Message) -> None:
        """POST the message. The address may be a secret: errors do not name it."""
        body = body_of(settings, message)
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if secret := settings.notify_webhook_secret.get_secret_value().strip():
            headers[SIGNATURE] = signature(secret, body)
        try:
            # The reply is not read: only its first line counts.
            with requests.post(
                address_of(message),
                data=body,
                headers=headers,
                timeout=TIMEOUT / 2,
                allow_redirects=False,
                stream=True,
            ) as reply:
                status = reply.status_code
        except (requests.RequestException, ValueError) as error:
            raise NotSentError(
                f"The webhook could not be reached ({type(error).__name__})."
            ) from None
        if 300 <= status < 500 and status not in (408, 425, 429):
            raise RefusedError(f"The webhook answered with HTTP {status}.")
        if status >= 300:
            raise NotSentError(f"The webhook answered with HTTP {status}.")


def body_of(settings: Settings, message: Message) -> bytes:
    """Return the JSON that is sent, the same at every try."""
    content = content_for(settings, message)
    body = {
        "id": message.key,
        "rule": message.rule,
        "team": message.team,
        "subject": content.subject,
        "text": rendered(content, "message.txt"),
        **message.payload,
    }
    return json.dumps(body, sort_keys=True).encode()


def signature(secret: str, body: bytes) -> str:
    """Return what the header says: `sha256=` and the HMAC of the body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
