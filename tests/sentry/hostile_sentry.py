"""A server that answers one question of each organization in a way that no Sentry would."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from pipelines.fake_sentry.calls import JSON, Reply
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry

Change = Callable[[Reply], Reply]


@dataclass(frozen=True)
class Raw:
    """Bytes on the wire; then, for ever, `more` every `pause` seconds."""

    first: bytes
    more: bytes = b""
    pause: float = 0.01


class HostileSentry(FakeSentry):
    """`answers`: the first whose pattern is found in path and query makes the answer."""

    def __init__(
        self, world: SentryWorld, answers: list[tuple[str, Change | Raw]], token: str = TOKEN
    ) -> None:
        super().__init__(world, "self-hosted", token)
        self.answers = [(re.compile(pattern), answer) for pattern, answer in answers]

    def _hostile(self, scope: Scope) -> Change | Raw | None:
        target = f"{scope['path']}?{scope['query_string'].decode()}"
        return next((answer for pattern, answer in self.answers if pattern.search(target)), None)

    def _answer(self, scope: Scope, *how: Any) -> Reply:
        reply = super()._answer(scope, *how)
        change = self._hostile(scope)
        return reply if change is None or isinstance(change, Raw) else change(reply)

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = self._hostile(scope)
        if not isinstance(raw, Raw):
            await super()._application(scope, receive, send)
            return
        transport = scope["state"]["transport"]
        transport.write(raw.first)
        while raw.more and not transport.is_closing():
            transport.write(raw.more)
            await asyncio.sleep(raw.pause)
        transport.close()
        await asyncio.sleep(0.01)  # the server notes that it is closed


def body(content: str | bytes, status: int = 200, **headers: str) -> Change:
    """Another body, as JSON."""
    packed = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = named.pop("Content-Type", JSON)
    return lambda reply: Reply(packed, status, kind, named)


def header(**headers: str) -> Change:
    """The right body under headers of its own."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: replace(reply, headers=reply.headers | named)


def having(path: str, value: Any) -> Change:
    """The right body but for one field of each row; `path` may lead into objects: lifetime.count.

    A value in bytes goes out as it is, for what no JSON writer would write.
    """

    def change(reply: Reply) -> Reply:
        found = orjson.loads(reply.body)
        for row in found if isinstance(found, list) else [found]:
            *parents, name = path.split(".")
            for parent in parents:
                row = row[int(parent)] if isinstance(row, list) else row.setdefault(parent, {})
            row[name] = "PLACE" if isinstance(value, bytes) else value
        written = orjson.dumps(found)
        if isinstance(value, bytes):
            written = written.replace(b'"PLACE"', value)
        return replace(reply, body=written)

    return change


def endless(rows: Callable[[int], list[Any]], cursor: Callable[[int], object]) -> Change:
    """A listing of pages without an end: what stands on page n, and behind which cursor comes the next."""
    numbers = itertools.count(1)

    def change(reply: Reply) -> Reply:
        number = next(numbers)
        link = f'<https://x/>; rel="next"; results="true"; cursor="{cursor(number)}"'
        return Reply(orjson.dumps(rows(number)), headers={"Link": link})

    return change
