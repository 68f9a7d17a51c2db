"""Dagster's UI behind a check of who asks: `python -m pipelines.webserver`, with the options of `dagster-webserver`.

Dagster's own takes a mutation from any Origin, to any Host, also by GET and as a form. A link that somebody follows, or
a name that a foreign page points at this machine, could then start runs in his name. Here a request

- names this machine or one of UI_HOSTS as its host;
- comes, if from a web page, from the UI's own: its Origin is the Host;
- is a GET that asks nothing of GraphQL, or a POST of JSON, which no form and no link can send.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.settings import SettingsError, read_settings


class RequestCheck:
    """ASGI middleware that answers with 403 and the reason what is not to reach the UI."""

    def __init__(self, app: ASGIApp, hosts: set[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        is_request = scope["type"] in ("http", "websocket")
        reason = self._refusal(scope) if is_request else None
        answer = PlainTextResponse(f"{reason}\n", 403) if reason else self.app
        await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host_name(host) not in self.hosts:
            return f"Refused: {host!r} is not a name of this UI. Add it to UI_HOSTS if it is to be."
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return (
                f"Refused: a page of {origin!r} asked, and this is {host!r}. A proxy in front of "
                "the UI has to pass on the Host that the browser names."
            )
        if scope["type"] == "websocket":
            return None
        if scope["method"] in ("GET", "HEAD"):
            asks = "query" in parse_qs(scope["query_string"].decode("latin-1"))
            is_graphql = scope["path"].rstrip("/").endswith("/graphql")
            return "Refused: ask GraphQL by POST, with JSON." if asks and is_graphql else None
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] != "POST" or kind != "application/json":
            return "Refused: only GET, and POST with Content-Type application/json."
        return None


def host_name(host: str) -> str:
    """Return the host's name without its port, empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def main() -> None:
    """Serve the UI as `dagster-webserver` does, with the check in front."""
    try:
        hosts = read_settings().ui_names
    except SettingsError as error:
        sys.exit(str(error))
    cli: Any = import_module("dagster_webserver.cli")
    create = cli.create_app_from_workspace_process_context

    def create_with_check(*arguments: Any, **options: Any) -> Starlette:
        app: Starlette = create(*arguments, **options)
        app.add_middleware(RequestCheck, hosts=hosts)
        return app

    cli.create_app_from_workspace_process_context = create_with_check
    cli.main()


if __name__ == "__main__":
    main()
