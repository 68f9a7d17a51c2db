"""A mail server for the demo: it takes every mail and keeps it as files, to be looked at. It sends nothing on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from markupsafe import Markup

_LARGEST = 10_000_000  # bytes


@contextmanager
def mail_catcher(folder: Path) -> Iterator[str]:
    """Serve SMTP on this machine meanwhile; returns its address. Mails are in `folder`, as they came and as HTML."""
    folder.mkdir(parents=True, exist_ok=True)
    index_of(folder).write_text(_index(folder), encoding="utf-8")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(
            lambda reader, writer: _converse(folder, reader, writer), "127.0.0.1", 0, limit=_LARGEST
        )

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _converse(
    folder: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    def say(text: str) -> None:
        writer.write(f"{text}\r\n".encode())

    say("220 the mail catcher of the demo")
    while line := await reader.readline():
        verb = line.decode("ascii", "replace").strip().upper().partition(" ")[0]
        if verb == "DATA":
            say("354 go on")
            await writer.drain()
            content = await reader.readuntil(b"\r\n.\r\n")
            _keep(folder, content[:-3].replace(b"\r\n..", b"\r\n."))
            say("250 kept")
        elif verb == "QUIT":
            say("221 bye")
            break
        else:
            say("250 ok" if verb in ("EHLO", "HELO", "MAIL", "RCPT", "RSET", "NOOP") else "502 no")
        await writer.drain()
    writer.close()


def _keep(folder: Path, content: bytes) -> None:
    number = len(list(folder.glob("*.eml"))) + 1
    (folder / f"{number:03}.eml").write_bytes(content)
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    for kind in ("html", "plain"):
        if part := mail.get_body((kind,)):
            suffix = "txt" if kind == "plain" else kind
            text = part.get_content()
            (folder / f"{number:03}.{suffix}").write_text(text, encoding="utf-8")
    index_of(folder).write_text(_index(folder), encoding="utf-8")


def caught(folder: Path) -> list[tuple[Path, str, str]]:
    """Return the mails: the file to look at, to whom, and the subject; the newest first."""
    found = []
    for path in sorted(folder.glob("*.eml"), reverse=True):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        found.append((path.with_suffix(".html"), str(mail["To"]), str(mail["Subject"])))
    return found


def index_of(folder: Path) -> Path:
    """Return the page that names all mails of the folder."""
    return folder.absolute() / "index.html"


def _index(folder: Path) -> str:
    rows = [
        Markup('<li><a href="{0}">{1}</a> to {2}, <a href="{3}">as text</a>').format(
            path.name, subject, to, path.with_suffix(".txt").name
        )
        for path, to, subject in caught(folder)
    ]
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mails of the demo</title>'
    look = '<meta name="color-scheme" content="light dark"><style>li { margin: 8px 0; }</style>'
    shown = Markup("<ol reversed>{}</ol>").format(Markup("").join(rows)) if rows else "None yet."
    return f"{head}{look}<h1>Mails of the demo, the newest first</h1>{shown}"
