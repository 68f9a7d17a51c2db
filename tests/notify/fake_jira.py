"""A stand-in for Jira over HTTP, as its REST API v2 is documented: Cloud, whose search lags behind, or Data Center."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, TOKEN = "robot@example.com", "very-secret-token"
CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
# What a request meets before or after it has had its effect.
FAULTS = ("drop before", "drop after", "error before", "error after", "busy", "away")


@dataclass
class Ticket:
    key: str
    number: int
    fields: dict[str, Any]
    created_at: datetime
    status: str = "To Do"
    resolved_at: datetime | None = None
    comments: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class FakeJira:
    """Projects SHOP and PAY. `faults`: one per request that writes, None for none; `now`: by which search lags."""

    def __init__(
        self,
        is_cloud: bool = True,
        now: Callable[[], datetime] = lambda: datetime(2026, 11, 23, 9),
        lag: timedelta = timedelta(minutes=2),
    ) -> None:
        self.is_cloud, self.now, self.lag = is_cloud, now, lag if is_cloud else timedelta(0)
        self.tickets: dict[str, Ticket] = {}
        self.moved: dict[str, str] = {}
        self.faults: list[str | None] = []
        self.requests: list[tuple[str, str]] = []
        self.types = ["Bug", "Task"]
        self.required: dict[str, str] = {}
        self.can_reopen = True
        self.always: tuple[int, dict[str, str], Any] | None = None  # the answer to everything
        jira = self

        class Handler(_Handler):
            pass

        Handler.jira = jira
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeJira:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """Return (status, body) of a request."""
        words = path.removeprefix("/rest/api/2/").split("/")
        match method, words:
            case "GET", ["serverInfo"]:
                kind, version = ("Cloud", [1001, 0, 0]) if self.is_cloud else ("Server", [9, 12, 0])
                return 200, {"deploymentType": kind, "versionNumbers": version}
            case "GET", ["field"]:
                return 200, [{"id": "labels", "name": "Labels", "clauseNames": ["labels"]}]
            case "GET", ["project", key]:
                types = [{"name": name, "subtask": False} for name in self.types]
                return 200, {"id": "1", "key": key, "issueTypes": types}
            case "GET", ["issueLinkType"]:
                return 200, {
                    "issueLinkTypes": [
                        {
                            "id": "1",
                            "name": "Relates",
                            "inward": "relates to",
                            "outward": "relates to",
                        }
                    ]
                }
            case "POST", ["issueLink"]:
                new, old = body["inwardIssue"]["key"], body["outwardIssue"]["key"]
                self.tickets[new].links.append(old)
                return 201, None
            case "GET", ["search", *rest]:
                return self._search(rest == ["jql"], query)
            case "POST", ["issue"]:
                return self._create(body["fields"])
            case _, ["issue", key, *rest]:
                ticket = self.tickets.get(self.moved.get(key, key))
                if ticket is None:
                    return 404, _problem(
                        "Issue does not exist or you do not have permission to see it."
                    )
                return self._of_ticket(method, ticket, rest, body)
        return 404, _problem(f"no such resource: {path}")

    def _search(self, is_new: bool, query: dict[str, list[str]]) -> tuple[int, Any]:
        if is_new != self.is_cloud:
            return (410 if self.is_cloud else 404), _problem("The requested API has been removed.")
        jql = query["jql"][0]
        found = re.fullmatch(r'labels (?:= "([^"]+)"|in \(([^)]+)\)) ORDER BY created ASC', jql)
        if not found:
            return 400, _problem("Error in the JQL Query.")
        labels = {found[1]} if found[1] else set(found[2].split(", "))
        known = [
            self._shown(ticket)
            for ticket in sorted(self.tickets.values(), key=lambda each: each.number)
            if labels & set(ticket.fields["labels"]) and ticket.created_at + self.lag <= self.now()
        ]
        most = int(query["maxResults"][0])
        return 200, {"issues": known[:most]}

    def _create(self, fields: dict[str, Any]) -> tuple[int, Any]:
        errors = {name: text for name, text in self.required.items() if name not in fields}
        project = fields["project"]["key"]
        if project not in ("SHOP", "PAY"):
            errors["project"] = "valid project is required"
        if fields["issuetype"]["name"] not in self.types:
            errors["issuetype"] = "Specify a valid issue type"
        if len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            errors["summary"] = "The summary is invalid."
        if errors:
            return 400, {"errorMessages": [], "errors": errors}
        number = len(self.tickets) + 1
        key = f"{project}-{number}"
        self.tickets[key] = Ticket(key, number, fields, self.now())
        return 201, {"id": str(10_000 + number), "key": key, "self": f"{self.url}/{key}"}

    def _of_ticket(
        self, method: str, ticket: Ticket, rest: list[str], body: Any
    ) -> tuple[int, Any]:
        match method, rest:
            case "GET", []:
                return 200, self._shown(ticket)
            case "POST", ["comment"]:
                ticket.comments.append(body["body"])
                return 201, {"id": str(len(ticket.comments)), "body": body["body"]}
            case "GET", ["transitions"]:
                names = [name for name in CATEGORIES if name != ticket.status]
                if not self.can_reopen and ticket.status == "Done":
                    names = []
                return 200, {
                    "transitions": [{"id": str(ord(n[0])), "to": _status(n)} for n in names]
                }
            case "POST", ["transitions"]:
                status = next(
                    n for n in CATEGORIES if str(ord(n[0])) == str(body["transition"]["id"])
                )
                self.move(ticket, status)
                return 204, None
        return 404, _problem("no such resource")

    def move(self, ticket: Ticket, status: str) -> None:
        ticket.status = status
        ticket.resolved_at = self.now() if status == "Done" else None

    def _shown(self, ticket: Ticket) -> dict[str, Any]:
        at = ticket.resolved_at
        # Cloud keeps another format inside and gives back what it takes that for.
        bodies = [
            re.sub(r"(https?://\S+)", r"[\1|\1|smart-link]", body).replace("-", "\\-")
            if self.is_cloud
            else body
            for body in ticket.comments
        ]
        fields = {
            "status": _status(ticket.status),
            "resolutiondate": f"{at:%Y-%m-%dT%H:%M:%S}.000+0000" if at else None,
            "comment": {"comments": [{"id": "1", "body": body} for body in bodies]},
            "issuelinks": [
                {"type": {"name": "Relates"}, "outwardIssue": {"key": k}} for k in ticket.links
            ],
        }
        return {"id": str(10_000 + ticket.number), "key": ticket.key, "fields": fields}


class _Handler(BaseHTTPRequestHandler):
    jira: FakeJira

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):
            super().handle_one_request()

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(json.loads(body))

    def _answer(self, body: Any) -> None:
        jira, parts = self.jira, urlsplit(self.path)
        jira.requests.append((self.command, parts.path))
        fault = jira.faults.pop(0) if body is not None and jira.faults else None
        basic = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if jira.always:
            status, headers, reply = jira.always
            return self._send(status, reply, **headers)
        login = f"Basic {basic}" if jira.is_cloud else f"Bearer {TOKEN}"
        if self.headers["Authorization"] != login:
            said = f"refused {self.headers['Authorization']}"
            return self._send(401, _problem(said))
        if fault == "drop before":
            return self._drop()
        if fault in ("error before", "busy", "away"):
            status = {"error before": 500, "busy": 429, "away": 503}[fault]
            headers = {"Retry_After": "300"} if fault == "busy" else {}
            return self._send(status, None, **headers)
        status, reply = jira.answer(self.command, parts.path, parse_qs(parts.query), body)
        if fault == "drop after":
            return self._drop()
        if fault == "error after":
            status, reply = 502, None
        return self._send(status, reply)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, reply: Any, **headers: str) -> None:
        data = (
            reply
            if isinstance(reply, bytes)
            else b""
            if reply is None
            else json.dumps(reply).encode()
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def _status(name: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": CATEGORIES[name]}}


def _problem(text: str) -> dict[str, Any]:
    return {"errorMessages": [text], "errors": {}}
