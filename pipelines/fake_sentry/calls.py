"""One request and one answer, as the endpoints see them: no sockets, no ASGI."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.datastructures import QueryParams

from pipelines.fake_sentry.entities import Project, SentryOrganization
from pipelines.fake_sentry.flavours import Flavour
from pipelines.fake_sentry.sentry_world import SentryWorld

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass
class Memory:
    """What the server need not work out twice, each entry with the versions that it was made from."""

    bodies: dict[str, tuple[Any, bytes]] = field(default_factory=dict)
    searches: dict[Any, Any] = field(default_factory=dict)


@dataclass
class Reply:
    """An answer before faults and headers of the server are put on."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - an answer, not an error of the program
    """Raised by endpoints: the answer is an error that the client caused."""

    def __init__(self, status: int, detail: Any = None, **body: Any) -> None:
        super().__init__(f"{status}: {detail or body}")
        self.reply = reply_json({"detail": detail} if detail is not None else body, status=status)


@dataclass
class Call:
    """One request: where it goes, what it asks for, and the world it asks about."""

    world: SentryWorld
    flavour: Flavour
    base_url: str
    path: str
    parts: dict[str, str]  # the variables of the path
    params: QueryParams
    memory: Memory
    region: str | None  # the only region whose organizations this server holds
    region_urls: dict[str, str]
    is_user_token: bool = True
    search_limit: int | None = None

    @property
    def url(self) -> str:
        """Return the address without its query."""
        return self.base_url + self.path

    def address(self, **replaced: str) -> str:
        """Return the address with the query, where `replaced` parameters take the place of old."""
        kept = [(k, v) for k, v in self.params.multi_items() if k not in replaced]
        return f"{self.url}?{urlencode(kept)}&{urlencode(replaced, safe=':')}"

    def organization(self) -> SentryOrganization:
        """Return the organization that the path names, by slug or id."""
        name = self.parts["organization"]
        found = self.world.organizations.get(name) or next(
            (o for o in self.world.organizations.values() if o.id == name), None
        )
        if not found:
            raise not_found()
        if self.region not in {None, found.region}:
            elsewhere = not_found()
            elsewhere.reply = reply_html(status=404)
            raise elsewhere
        return found

    def projects(self) -> list[Project]:
        """Return the projects of the path's organization, by slug."""
        slug = self.organization().slug
        found = [p for p in self.world.projects.values() if p.organization == slug]
        return sorted(found, key=lambda project: project.slug)

    def moment(self, name: str) -> datetime | None:
        """Return a parameter that is an ISO time in UTC (naive, Z or +00:00); 400 when it is not one."""
        text = self.params.get(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text.removesuffix("Z").removesuffix("+00:00"))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo:
            raise Refusal(400, f"{text} is not a valid ISO8601 date query")
        return moment.replace(tzinfo=UTC, microsecond=0)


def not_found() -> Refusal:
    """Return Sentry's 404."""
    return Refusal(404, "The requested resource does not exist")


def forbidden() -> Refusal:
    """Return Sentry's 403."""
    return Refusal(403, "You do not have permission to perform this action.")


def reply_json(data: Any, status: int = 200, **headers: str) -> Reply:
    """Return `data` as JSON, aware times as Sentry writes them."""
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return Reply(body, status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def reply_html(text: str = "", status: int = 200) -> Reply:
    """Return a web page where a client expected JSON."""
    return Reply(text.encode(), status, HTML)
