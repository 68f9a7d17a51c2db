"""A real SMTP server on a port of its own, which keeps the mails that it takes."""

from __future__ import annotations

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class OnFreePort(Controller):
    """A controller that tries its server on the port that the system chose."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    """`reply`: what it answers after a mail; None: it hangs up instead. `tls`: it offers STARTTLS."""

    def __init__(
        self,
        reply: str | None = "250 OK",
        *,
        rcpt: str = "250 OK",
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.was_encrypted: list[bool] = []
        self._reply, self._rcpt = reply, rcpt

        def authenticate(
            server: Any, session: Any, envelope: Any, how: str, data: Any
        ) -> AuthResult:
            self.logins.append((data.login, data.password))
            return AuthResult(success=data.password == (password or "").encode(), handled=False)

        self._controller = OnFreePort(
            self,
            hostname="127.0.0.1",
            port=0,
            authenticator=authenticate if password else None,
            auth_require_tls=False,
            tls_context=tls,
        )

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self._rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self._rcpt

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.was_encrypted.append(session.ssl is not None)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)
        if self._reply is None:
            server.transport.abort()
            return ""
        return self._reply

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> MailServer:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
