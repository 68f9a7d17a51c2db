"""Mail by SMTP: text and HTML of the same content, from the address NOTIFY_FROM by the server of NOTIFY_SMTP_URL."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import quote, unquote, urlsplit

from pipelines.addresses import is_loopback
from pipelines.notify.channels.channel import (
    NotSentError,
    PostponedError,
    RefusedError,
    UncertainError,
    address_of,
    content_for,
)
from pipelines.notify.content import one_line, rendered
from pipelines.notify.outbox import Message
from pipelines.settings import Settings

TIMEOUT = 20.0  # seconds


@dataclass(frozen=True)
class Server:
    """A mail server as NOTIFY_SMTP_URL names it."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str


class Mail:
    """A message as one mail to one address."""

    is_repeatable = False

    def place(self, message: Message) -> str:
        """Return the server: all mail goes by the same."""
        return "mail"

    def send(self, settings: Settings, message: Message) -> None:
        """Hand the mail to the server."""
        address = address_of(message)
        mail = mail_of(settings, message, address)
        with connected(server_of(settings)) as client:
            try:
                _hand_over(client, mail)
            except (NotSentError, RefusedError, UncertainError) as error:
                # Servers name the address that they refuse, which may be nobody else's business.
                raise type(error)(str(error).replace(address, "[address]")) from None


def server_of(settings: Settings) -> Server:
    """Return the mail server; NotSentError where none is named that can be used."""
    url = settings.notify_smtp_url.get_secret_value().strip()
    if not url:
        raise NotSentError("NOTIFY_SMTP_URL is not set: no mail can be sent.")
    try:
        parts = urlsplit(url)
        port = parts.port or {"smtps": 465, "smtp": 587}[parts.scheme]
        host = parts.hostname or ""
    except (KeyError, ValueError):
        host = ""
    if not host:
        raise NotSentError(
            "NOTIFY_SMTP_URL is no address like smtps://USER:PASSWORD@mail.example.com."
        )
    return Server(
        host,
        port,
        parts.scheme == "smtps",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


@contextmanager
def connected(server: Server) -> Iterator[smtplib.SMTP]:
    """Yield a connection that is encrypted where the server can, and logged in. NotSentError where it cannot be."""
    place = f"The mail server {server.host}:{server.port}"
    client = smtplib.SMTP(timeout=TIMEOUT)
    try:
        if server.is_tls:
            # Reads the certificates of this machine, which takes as long as the rest.
            context = ssl.create_default_context()
            client = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=ssl.create_default_context())
                client.ehlo()
            elif server.user and not is_loopback(server.host):
                raise NotSentError(
                    f"{place} offers no encryption: the password stays here. Use smtps://."
                )
        if server.user:
            client.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError:
        client.close()
        raise NotSentError(f"{place} refuses user and password of NOTIFY_SMTP_URL.") from None
    except ssl.SSLCertVerificationError as error:
        client.close()
        raise NotSentError(f"{place} shows no valid certificate: {error.verify_message}.") from None
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        raise NotSentError(f"{place} cannot be reached: {_reason(error)}.") from None
    except NotSentError:
        client.close()
        raise
    try:
        yield client
    finally:
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()


def _hand_over(client: smtplib.SMTP, mail: EmailMessage) -> None:
    """Say sender, recipient, data: before the data nothing has left; once they were said, one may not know."""
    sender, recipient = parseaddr(mail["From"])[1], parseaddr(mail["To"])[1]
    try:
        for code, reply in (client.mail(sender), client.rcpt(recipient)):
            _raise_for(code, reply)
        data = mail.as_bytes(policy=SMTP)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSentError(f"The mail server ended the conversation: {_reason(error)}.") from None
    try:
        code, reply = client.data(data)
    except smtplib.SMTPDataError as error:
        code, reply = error.smtp_code, error.smtp_error  # type: ignore[assignment]
    except (OSError, smtplib.SMTPException) as error:
        raise UncertainError(
            f"the mail server did not answer after the mail: {_reason(error)}"
        ) from None
    _raise_for(code, reply)


def _raise_for(code: int, reply: bytes | str) -> None:
    if 200 <= code < 300:
        return
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    words = f"The mail server answers {code} {one_line(text)}"
    raise (PostponedError if code < 500 else RefusedError)(words)


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code}"
    return getattr(error, "strerror", None) or type(error).__name__


def sender_of(settings: Settings) -> str:
    """Return from whom mail comes; NotSentError where that is nobody."""
    sender = one_line(settings.notify_from)
    if not parseaddr(sender)[1].rpartition("@")[2]:
        raise NotSentError("NOTIFY_FROM is not set, or is no mail address: no mail can be sent.")
    return sender


def mail_of(settings: Settings, message: Message, address: str) -> EmailMessage:
    """Return the mail as it is sent, the same at every try but for its date. NotSentError without a sender."""
    sender = sender_of(settings)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    content = content_for(settings, message)
    mail = EmailMessage()
    mail["Subject"] = content.subject
    mail["From"] = sender
    mail["To"] = address
    mail["Date"] = format_datetime(message.created_at.replace(tzinfo=UTC))
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    unsubscribe = quote(f"Unsubscribe {address} from {message.team or 'every team'}")
    mail["List-Unsubscribe"] = f"<mailto:{parseaddr(sender)[1]}?subject={unsubscribe}>"
    mail.set_content(rendered(content, "message.txt"), cte="quoted-printable")
    mail.add_alternative(rendered(content, "message.html"), subtype="html", cte="quoted-printable")
    return mail
