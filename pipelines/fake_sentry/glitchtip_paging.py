"""GlitchTip's pages: `limit` everywhere, cursors in base64, and a Link header that is the text of a Python set."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pipelines.fake_sentry.calls import Call, Refusal, Reply, reply_json

DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, MAX_HITS = 50, 100, 100, 1000
Key = Callable[[Any], Any]


def paged(
    call: Call,
    rows: Sequence[Any],
    key: Key,
    shown: Callable[[Any], dict[str, Any]],
    *,
    descending: bool = True,
) -> Reply:
    """Return the page after the cursor: rows beyond position `p`, less `o` rows of a tie."""
    limit = call.params.get("limit", str(DEFAULT_LIMIT))
    size = min(int(limit), MAX_LIMIT) if limit.isdigit() else DEFAULT_LIMIT
    position, offset = _cursor(call)
    ordered = sorted(rows, key=key, reverse=descending)
    texts = [_text(key(row)) for row in ordered]
    first = offset
    if position is not None:
        first += sum(text >= position if descending else text <= position for text in texts)
    page, after = ordered[first : first + size], texts[first + size : first + size + 1]
    plain = f'<{call.url}>; rel="{{}}"; results="false"'
    following = plain.format("next")
    if after:
        cursor = _next_cursor(texts[first : first + size], after[0], position, offset)
        address = call.address(cursor=cursor)
        following = f'<{address}>; rel="next"; results="true"; cursor="{cursor}"'
    link = f"{plain.format('previous')}, {following}"
    hits = str(min(len(rows), MAX_HITS))
    return reply_json(
        [shown(row) for row in page],
        Link=str({link}),
        X_Hits=hits,
        X_Max_Hits=str(MAX_HITS),
    )


def _next_cursor(page: list[str], following: str, position: str | None, offset: int) -> str:
    ties = 0
    for text in reversed(page):
        if text != following:
            position, offset = text, 0
            break
        ties += 1
    parts: dict[str, Any] = {} if position is None else {"p": position}
    parts |= {"o": offset + ties} if offset + ties else {}
    return b64encode(urlencode(parts).encode()).decode()


def _cursor(call: Call) -> tuple[str | None, int]:
    try:
        text = b64decode(call.params.get("cursor", ""), validate=True).decode()
    except (NotBase64, UnicodeDecodeError):
        raise Refusal(422, [{"type": "value_error", "loc": ["query", "cursor"]}]) from None
    parts = dict(parse_qsl(text))
    # The clamp is GlitchTip's: with more ties than this the pages go round in circles.
    return parts.get("p"), min(int(parts.get("o", 0)), MAX_OFFSET)


def _text(key: Any) -> str:
    """Return a sort key as text that sorts alike."""
    if isinstance(key, tuple):
        return "/".join(_text(part) for part in key)
    if isinstance(key, datetime):
        return key.isoformat(timespec="microseconds")
    return f"{key:020}"
