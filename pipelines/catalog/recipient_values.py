"""How the cells of recipients.csv are parsed: rules, channels, digests and quiet hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from pipelines import address_variables
from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import quoted
from pipelines.catalog.values import Parsed, parse_text

PRODUCT_RULES = ("new_high", "regressed", "sla_at_risk", "sla_breached", "health")
SYNC_RULES = ("sync_failed", "sync_stale")
RULES = PRODUCT_RULES + SYNC_RULES
CHANNELS = ("mail", "chat", "jira", "webhook")
UNOWNED, UNASSIGNED = "(unowned)", "(unassigned)"

DIGESTS = {
    f"{period}{always}": (period, bool(always))
    for period in ("daily", "weekly")
    for always in ("", " always")
}
_quiet = re.compile(
    r"(\d{1,2}):(\d{2}) ?[-\u2013] ?(\d{1,2}):(\d{2})(?:,? (except critical))?", re.ASCII
).fullmatch
_environment = re.compile(rf"{address_variables.PREFIX}[A-Z0-9_]*").fullmatch


@dataclass(frozen=True, slots=True)
class Digest:
    """How often a digest comes, `daily` or `weekly`, and whether also when there is nothing to say."""

    period: str
    is_sent_always: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when nothing is sent, in the recipient's time zone; over midnight where `start` is the later."""

    start: time
    end: time
    is_critical_sent: bool = False

    def holds_at(self, at: time) -> bool:
        """Return whether nothing is sent at this time of day."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def environment_name(address: str) -> str | None:
    """Return the variable that holds the address, None if the address stands in the file."""
    return address[4:].strip() if address[:4].lower() == "env:" else None


def parse_recipient_team(text: str) -> Parsed:
    """Parse a team, `(unowned)` or `(unassigned)`."""
    lowered = text.lower()
    return (lowered, None) if lowered in (UNOWNED, UNASSIGNED) else parse_text(text)


def parse_channel(text: str) -> Parsed:
    """Parse the name of a channel."""
    if text in CHANNELS:
        return text, None
    meant = {"email": "mail", "e-mail": "mail", "slack": "chat", "teams": "chat"}.get(text)
    hint = f"; did you mean {quoted(meant)}?" if meant else Closest(CHANNELS).hint(text)
    return text, f"is not a channel; write one of {', '.join(CHANNELS)}{hint}"


def parse_address(text: str) -> Parsed:
    """Parse an address, or the name of the variable that holds it; which address fits depends on the channel."""
    name = environment_name(text)
    if name is None or _environment(name):
        return (text if name is None else f"env:{name}"), None
    proposal = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    return text, (
        f"names a variable that is not for addresses; write env:{address_variables.PREFIX}_{proposal}, "
        "and set that in .env"
    )


def parse_rules(text: str) -> Parsed:
    """Parse the names of rules between blanks, commas or semicolons; `none` is no rule."""
    names = [name for name in re.split(r"[ ,;]+", text) if name]
    if names == ["none"]:
        return (), None
    for name in names:
        if name not in RULES:
            hint = Closest(RULES).hint(name)
            return (), f"names no rule; write some of {', '.join(RULES)}, or none{hint}"
    return tuple(dict.fromkeys(names)), None


def parse_digest(text: str) -> Parsed:
    """Parse how often a digest comes."""
    if text in DIGESTS:
        return Digest(*DIGESTS[text]), None
    return None, f"is no digest; write one of {', '.join(DIGESTS)}, or leave it blank for none"


def parse_quiet_hours(text: str) -> Parsed:
    """Parse from when to when nothing is sent."""
    expected = 'write for example "22:00-07:00", or "22:00-07:00 except critical"'
    found = _quiet(text)
    if not found:
        return None, f"are no hours; {expected}"
    try:
        start = time(int(found[1]), int(found[2]))
        end = time(int(found[3]) % 24 if found[4] == "00" else int(found[3]), int(found[4]))
    except ValueError:
        return None, f"are no times of day; {expected}"
    if start == end:
        return None, "would be all day; write rules none if nothing is to be sent"
    return QuietHours(start, end, bool(found[5])), None


def parse_timezone(text: str) -> Parsed:
    """Parse a time zone by its name in the IANA database."""
    try:
        return ZoneInfo(text).key, None
    except (KeyError, ValueError, OSError):
        return "UTC", "is not known; write for example Europe/Berlin or America/New_York"
