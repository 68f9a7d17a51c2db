"""The fake Sentry on a loopback port: connections, tokens, limits, faults and the log of requests.

All that comes before and after an endpoint. `python -m pipelines.fake_sentry.server` runs it by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple

import uvicorn
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pipelines.fake_sentry.calls import Call, Memory, Refusal, Reply, forbidden, reply_html
from pipelines.fake_sentry.faults import ANSWERS, CHANGES, Faults
from pipelines.fake_sentry.flavours import FLAVOURS
from pipelines.fake_sentry.limits import Limits
from pipelines.fake_sentry.routes import GLITCHTIP, SENTRY, Route
from pipelines.fake_sentry.sentry_world import SentryWorld

TOKEN = "sntryu_fake-sentry"  # noqa: S105 - opens nothing but this
TORN = {"reset", "truncated"}  # faults that cut the connection
LONGEST_TARGET = 8190  # bytes of a request line that nginx lets through


class Logged(NamedTuple):
    """One request that was answered; status 0 means that the connection was torn."""

    method: str
    path: str
    query: str
    status: int
    seconds: float
    fault: str | None


@dataclass
class State:
    """What a test may change while the server runs."""

    token: str = TOKEN
    is_user_token: bool = True  # False: the token of an internal integration
    scopes: set[str] = field(
        default_factory=lambda: {"org:read", "project:read", "team:read", "event:read"}
    )
    latency: float = 0.0  # seconds before every answer
    search_limit: int | None = None  # candidates after which an issue list ends in silence
    limits: Limits = field(default_factory=Limits)


class FakeSentry:
    """A Sentry on `url` that knows `world`, while the context lasts.

    Take `lock` to change the world between requests, never while waiting for one. With `region`
    it holds only the organizations of that region; one with `peers` holds all, and names the
    peers as `links.regionUrl` of theirs. `requests` is the log.
    """

    def __init__(
        self,
        world: SentryWorld,
        flavour: str = "saas",
        token: str = TOKEN,
        *,
        latency: float = 0.0,
        port: int = 0,
        region: str | None = None,
        peers: Sequence[FakeSentry] = (),
    ) -> None:
        self.world = world
        self.flavour = FLAVOURS[flavour]
        self.state = State(token=token, latency=latency)
        self.faults = Faults()
        self.requests: list[Logged] = []
        self.region = region
        self.lock: threading.RLock = peers[0].lock if peers else threading.RLock()
        self._memory = Memory()
        self._reuses = 0
        self._routes: list[Route] = GLITCHTIP if flavour == "glitchtip" else SENTRY
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        urls = {peer.region: peer.url for peer in peers if peer.region}
        self._region_urls = {region or "us": self.url} | urls
        self._server = _Server(
            uvicorn.Config(
                self._application,
                http=_Protocol,
                interface="asgi3",
                proxy_headers=False,
                lifespan="off",
                date_header=False,  # the Date is the world's
                server_header=False,
                access_log=False,
                log_level="error",
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self.serve, name="fake Sentry", daemon=True)

    def __enter__(self) -> FakeSentry:
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    def serve(self) -> None:
        """Serve in this thread until the server is asked to stop."""
        self._server.run(sockets=[self._socket])

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path, query = scope["path"], scope["query_string"].decode()
        fault, options = self.faults.pick(f"{path}?{query}") or (self._dropped(scope), {})
        route = next((r for r in self._routes if r.pattern.match(path)), None)
        reply = None
        headers: dict[str, str] = {}
        if limited := self.flavour.has_rate_limits and route is not None:
            headers, reply = self.state.limits.enter(route.bucket if route else "")
        try:
            await asyncio.sleep(self.state.latency + _seconds(fault, options))
            with self.lock:
                reply = reply or self._answer(scope, route, fault, options)
                now = self.world.clock.replace(microsecond=0)
                if fault != "no_date":
                    headers["Date"] = format_datetime(now, usegmt=True)
        finally:
            if limited and route:
                self.state.limits.leave(route.bucket)
        if limited and reply.status == 429:
            headers["X-Sentry-Rate-Limit-Remaining"] = "0"
        status = 0 if fault in TORN else reply.status
        seconds = time.perf_counter() - started
        self.requests.append(Logged(scope["method"], path, query, status, seconds, fault))
        await _send(scope, send, reply, headers, fault)

    def _dropped(self, scope: Scope) -> str | None:
        """Return the fault `reset` where this flavour has closed the connection that the client used again."""
        every = self.flavour.resets_reused
        if not every or next(scope["state"]["requests"]) == 0:
            return None
        self._reuses += 1
        return "reset" if self._reuses % every == 0 else None

    def _answer(
        self, scope: Scope, route: Route | None, fault: str | None, options: dict[str, Any]
    ) -> Reply:
        if fault == "revoke_token":
            self.state.token = ""
        if fault in ANSWERS:
            return self.faults.answer(fault, self.flavour.name)
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_TARGET:
            return reply_html("<h1>414 Request-URI Too Large</h1>", 414)
        try:
            call = self._call(scope, route)
            reply = self._asked(route, call) if route else reply_html(status=404)
        except Refusal as refusal:
            return refusal.reply
        if fault in CHANGES:
            asked = QueryParams(scope["query_string"]).get("cursor", "")
            reply = self.faults.change(fault, reply, call, asked, options)
        return reply

    def _asked(self, route: Route, call: Call) -> Reply:
        """Ask the endpoint if the token has a scope for it; GlitchTip looks at the question before."""
        is_allowed = not route.scopes or bool(route.scopes & self.state.scopes)
        if is_allowed:
            return route.endpoint(call)
        if self.flavour.name != "glitchtip":
            raise forbidden()
        try:
            route.endpoint(call)
        except Refusal as refusal:
            if refusal.reply.status == 422:
                raise
        raise Refusal(403, "Permission denied")

    def _call(self, scope: Scope, route: Route | None) -> Call:
        path, is_glitchtip = scope["path"], self.flavour.name == "glitchtip"
        if scope["method"] != "GET":
            raise Refusal(405, f'Method "{scope["method"]}" not allowed.')
        if route is None:
            self._redirect_to_slash(path, scope["query_string"].decode())
        if path not in {"/api/0/", "/api/settings/"}:
            self._check_token(scope, is_glitchtip)
        match = route.pattern.match(path) if route else None
        params = QueryParams(scope["query_string"])
        if real := self.faults.aliases.get(params.get("cursor", "")):
            others = [(k, v) for k, v in params.multi_items() if k != "cursor"]
            params = QueryParams([*others, ("cursor", real)])
        elif params.get("cursor") in self.faults.aliases:
            params = QueryParams([(k, v) for k, v in params.multi_items() if k != "cursor"])
        return Call(
            world=self.world,
            flavour=self.flavour,
            base_url=self.url,
            path=path,
            parts=match.groupdict() if match else {},
            params=params,
            memory=self._memory,
            region=self.region,
            region_urls=self._region_urls,
            is_user_token=self.state.is_user_token,
            search_limit=self.state.search_limit,
        )

    def _redirect_to_slash(self, path: str, query: str) -> None:
        slashed = path + "/"
        is_known = any(route.pattern.match(slashed) for route in self._routes)
        if is_known and self.flavour.name != "glitchtip":
            refusal = Refusal(301, "")
            refusal.reply.headers["Location"] = slashed + (f"?{query}" if query else "")
            raise refusal

    def _check_token(self, scope: Scope, is_glitchtip: bool) -> None:
        given = dict(scope["headers"]).get(b"authorization", b"").decode()
        kind, _, token = given.partition(" ")
        if kind == "Bearer" and self.state.token and token == self.state.token:
            if token.startswith("sntrys_"):  # made for uploads only
                raise forbidden()
            return
        if is_glitchtip:
            raise Refusal(401, "Unauthorized")
        missing = "Authentication credentials were not provided."
        raise Refusal(401, "Invalid token" if given else missing)


class _Server(uvicorn.Server):
    """Says when it is ready, and stops at once: tests start hundreds of these."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self.ready.set()
        while not self.should_exit:
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)  # lets the connections take note
        await super().shutdown(sockets)


class _Protocol(HttpToolsProtocol):
    """Lets the application reach its connection, to tear it, and count the requests on it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport, "requests": count()}


def _seconds(fault: str | None, options: dict[str, Any]) -> float:
    return float(options.get("seconds", 1.0)) if fault == "slow" else 0.0


async def _send(
    scope: Scope, send: Send, reply: Reply, headers: dict[str, str], fault: str | None
) -> None:
    transport = scope["state"]["transport"]
    if fault == "reset":
        transport.abort()
        await asyncio.sleep(0)  # lets the connection take note
        return
    # What a reply says itself wins: the tests make servers that say anything.
    named = headers | {"Content-Length": str(len(reply.body))} | reply.headers
    named["Content-Type"] = reply.content_type
    encoded = [(k.lower().encode(), v.encode()) for k, v in named.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    if fault == "truncated":
        half = reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()
        return
    await send({"type": "http.response.body", "body": reply.body})


def main() -> None:
    """Serve a sample world, `--steps` of three hours old, and print the address."""
    from pipelines.fake_sentry.sample import sample_world

    parser = argparse.ArgumentParser(
        prog="python -m pipelines.fake_sentry.server", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--steps", type=int, default=0, help="how often the clock has moved")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--flavour", choices=sorted(FLAVOURS), default="saas")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    asked = parser.parse_args()
    world = sample_world(asked.seed, asked.steps)
    sentry = FakeSentry(world, asked.flavour, asked.token, latency=asked.latency, port=asked.port)
    print(sentry.url, flush=True)
    sentry.serve()


if __name__ == "__main__":
    main()
