"""Everything that can go wrong on the way, scripted: which requests are hit, how often, and with what."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from pipelines.fake_sentry.calls import Call, Reply, reply_html, reply_json
from pipelines.fake_sentry.limits import too_many

ANSWERS = {
    "403": reply_json({"detail": "You do not have permission to perform this action."}, 403),
    "429": too_many(),
    "500": reply_json({"detail": "Internal Error", "errorId": "0" * 32}, status=500),
    "502": reply_html("<html><h1>502 Bad Gateway</h1></html>", 502),
    "503": reply_html("<html><h1>503 Service Unavailable</h1></html>", 503),
    "504": reply_html("<html><h1>504 Gateway Timeout</h1></html>", 504),
    "query_timeout_400": reply_json(
        {"detail": "Query timeout. Please try with a smaller date range or fewer projects."}, 400
    ),
    "410": reply_json({"message": "This API no longer exists."}, status=410),
    "html_200": reply_html("<!doctype html><title>Sentry</title>"),
    "null_200": reply_json(None),
    "sso_401": reply_json(
        {"detail": {"code": "sso-required", "message": "Must login via SSO", "extra": {}}}, 401
    ),
    "org_down": reply_json({"detail": "Internal Error", "errorId": "1" * 32}, status=503),
}
CHANGES = {
    "empty_page_more",
    "repeat_cursor",
    "cut_short",
    "no_link",
    "plain_link",
    "changed_type",
    "unknown_field",
    "unknown_enum",
}
ON_THE_WIRE = {"reset", "truncated", "slow", "revoke_token", "no_date"}
KINDS = {*ANSWERS, *CHANGES, *ON_THE_WIRE}


@dataclass
class Fault:
    """One kind of trouble (or one of several, by chance) for the requests that `match`.

    It lets `after` of them pass, then hits `times`, each with `probability`.
    """

    kinds: tuple[str, ...]
    match: re.Pattern[str]
    times: float
    after: int
    probability: float
    options: dict[str, Any]
    seen: int = 0
    played: int = 0


@dataclass
class Faults:
    """The faults still to be played; the first that fits a request hits it."""

    seed: int = 0
    script: list[Fault] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # cursors of ours -> real cursors

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def add(
        self,
        kind: str | tuple[str, ...],
        match: str = "",
        *,
        times: float | None = None,
        after: int = 0,
        probability: float = 1.0,
        **options: Any,
    ) -> Fault:
        """Plan a fault for requests whose `path?query` contains the pattern `match`.

        `times` is 1 unless given, for ever for org_down. Options: `seconds` (slow), `field` and
        `value` (changed_type, unknown_enum, unknown_field). ValueError for an unknown kind.
        """
        kinds = (kind,) if isinstance(kind, str) else kind
        if unknown := set(kinds) - KINDS:
            raise ValueError(f"no fault is called {', '.join(sorted(unknown))}")
        if times is None:
            times = math.inf if "org_down" in kinds else 1
        fault = Fault(kinds, re.compile(match), times, after, probability, options)
        self.script.append(fault)
        return fault

    def answer(self, kind: str, flavour: str) -> Reply:
        """Return the answer that a fault makes up; only GlitchTip says after how long to retry."""
        if kind == "429" and flavour == "glitchtip":
            return reply_json({"message": "Please retry later"}, 429, Retry_After="1")
        known = ANSWERS[kind]
        return Reply(known.body, known.status, known.content_type)

    def clear(self) -> None:
        """Forget all faults."""
        self.script.clear()

    def pick(self, target: str) -> tuple[str, dict[str, Any]] | None:
        """Return the kind and options of the fault that hits this request, if one does."""
        for fault in self.script:
            if not fault.match.search(target):
                continue
            fault.seen += 1
            due = fault.seen > fault.after and fault.played < fault.times
            if due and self._random.random() < fault.probability:
                fault.played += 1
                return self._random.choice(fault.kinds), fault.options
        return None

    def change(self, kind: str, reply: Reply, call: Call, asked: str, options: Any) -> Reply:
        """Return `reply` as the fault leaves it; `asked` is the cursor as the client wrote it."""
        if reply.status != 200:
            return reply
        if kind in {"empty_page_more", "repeat_cursor", "cut_short", "no_link", "plain_link"}:
            return self._turn_page(kind, reply, call, asked)
        name = options.get("field", "brandNew" if kind == "unknown_field" else "status")
        value = options.get("value", "hibernating" if kind == "unknown_enum" else {"changed": [1]})
        data = orjson.loads(reply.body)
        for row in data if isinstance(data, list) else data.get("activity", [data]):
            row[name] = value
        reply.body = orjson.dumps(data)
        return reply

    def _turn_page(self, kind: str, reply: Reply, call: Call, asked: str) -> Reply:
        if "Link" not in reply.headers:
            return reply
        if kind == "cut_short":
            rows = orjson.loads(reply.body)
            reply.body = orjson.dumps(rows[: len(rows) // 2])
            reply.headers["Link"] = reply.headers["Link"].replace('"true"', '"false"')
            return reply
        if kind == "no_link":
            del reply.headers["Link"]
            return reply
        if kind == "plain_link":
            reply.headers["Link"] = re.sub(r'; results="\w+"', "", reply.headers["Link"])
            return reply
        if kind == "empty_page_more":
            reply.body = b"[]"
        if kind == "repeat_cursor" and asked in self.aliases:
            cursor = asked
        else:
            # A cursor that says the same in other words, as a client may stop at one it knows.
            cursor = f"{9_000_000_000_000 + len(self.aliases)}:0:0"
            self.aliases[cursor] = self.aliases.get(asked, asked)
        link = ", ".join(
            f'<{call.address(cursor=cursor)}>; rel="{rel}"; results="{more}"; cursor="{cursor}"'
            for rel, more in (("previous", "false"), ("next", "true"))
        )
        reply.headers["Link"] = str({link}) if call.flavour.name == "glitchtip" else link
        return reply
