"""How values are shown: numbers, shares, hours, times and links, for the templates."""

from __future__ import annotations

from datetime import date, datetime
from math import floor
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup, escape

UNKNOWN = Markup('<span class="unknown" title="not known">-</span>')


def number(value: float | None) -> Markup:
    """Return the number with its thousands apart; the reader's own format where scripts run."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return Markup('<data value="%s">%s</data>') % (value, text)


def share(value: float | None, digits: int = 0) -> Markup:
    """Return a ratio as per cent: a part of a whole in whole ones, rounded.

    What has a target wants `digits`, to which it is cut: below the target it never looks as if it had reached it.
    """
    if value is None:
        return UNKNOWN
    scale = 10**digits
    cut = floor(round(value * 100 * scale, 6)) / scale if digits else value * 100
    return Markup("{}%").format(f"{cut:.{digits}f}")


def times(value: float | None) -> Markup:
    """Return a multiple as such."""
    return UNKNOWN if value is None else Markup("{}&times;").format(f"{value:,.1f}")


def growth(value: float | None) -> Markup:
    """Return a multiple as the change that it is: 1.5 is +50%."""
    return UNKNOWN if value is None else Markup("{}%").format(f"{(value - 1) * 100:+,.0f}")


def hours(value: float | None) -> Markup:
    """Return a duration given in hours, in the unit that people would say."""
    if value is None:
        return UNKNOWN
    size = abs(value)
    text = (
        f"{value * 60:.0f} min"
        if size < 1
        else f"{value:.0f} h"
        if size < 72
        else f"{value / 24:.0f} days"
    )
    return Markup('<span title="%s hours">%s</span>') % (f"{value:,.1f}", text)


def moment(value: datetime | None, now: datetime | None = None) -> Markup:
    """Return a time (naive UTC) as how long ago it was by `now`, with the exact time at hand."""
    if value is None:
        return UNKNOWN
    exact = f"{value:%a %d %b %Y %H:%M} UTC"
    text = exact if now is None else ago((now - value).total_seconds())
    return Markup('<time datetime="%sZ" title="%s">%s</time>') % (
        value.isoformat(timespec="seconds"),
        exact,
        text,
    )


def ago(seconds: float) -> str:
    """Return how long ago that is, in words."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        count = int(abs(seconds) // size)
        if count:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"


def day(value: date | None) -> Markup:
    """Return a UTC day."""
    if value is None:
        return UNKNOWN
    return Markup('<time datetime="%s">%s</time>') % (value.isoformat(), f"{value:%d %b %Y}")


def month(value: date | None) -> Markup:
    """Return a month by its first day, on one line."""
    return UNKNOWN if value is None else escape(f"{value:%b}\N{NO-BREAK SPACE}{value:%Y}")


def address(path: str, **query: object) -> str:
    """Return a path of ours, quoted, with the parts of the query that have a value."""
    parts = {name: value for name, value in query.items() if value is not None}
    return quote(path) + ("?" + urlencode(parts) if parts else "")


def of_sentry(url: str | None, server: str) -> str | None:
    """Return the link if it points to the configured server or a name below it, else None."""
    if not url:
        return None
    try:
        asked, ours = urlsplit(url), urlsplit(server)
    except ValueError:
        return None
    host, own = asked.hostname or "", ours.hostname or ""
    is_ours = host == own or host.endswith("." + own)
    return url if asked.scheme == ours.scheme and is_ours and asked.port == ours.port else None
