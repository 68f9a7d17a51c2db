"""What can be wrong between the cells and rows of recipients.csv, and with the teams that it names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import quoted
from pipelines.catalog.reading import Reading, read
from pipelines.catalog.recipient_values import UNASSIGNED, UNOWNED, environment_name
from pipelines.catalog.tables import RECIPIENTS, Recipient

_EXPECTED = {
    "mail": "an address such as payments@example.com",
    "chat": "an address of Apprise's such as slack://TOKEN_A/TOKEN_B/TOKEN_C/#payments",
    "webhook": "an address such as https://example.com/hooks/payments",
    "jira": "the key of a project in Jira such as PAY, or PAY/Task with the type of its tickets",
}
# What Jira has tickets for.
TICKET_RULES = ("new_high", "sla_breached")
_mail = re.compile(r"[^\s@<>(),;:\"\\]+@[^\s@<>(),;:\"\\]+").fullmatch
_jira = re.compile(r"[A-Z][A-Z0-9_]+(/[^/\s][^/]*)?").fullmatch
_chat = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE).fullmatch


def read_recipients(seeds_dir: Path) -> tuple[Recipient, ...]:
    """Return the rows of recipients.csv alone, none while anything is wrong with it: what the other files are."""
    reading = read(seeds_dir, RECIPIENTS)
    check_recipients(reading, None)
    is_wrong = any(found.severity == "error" for found in reading.findings)
    return () if is_wrong else tuple(reading.rows)


def check_recipients(reading: Reading, products: Reading | None) -> None:
    """Add: addresses that do not fit their channel, rows that are there twice, teams that own nothing."""
    first: dict[tuple[str, str, str], Recipient] = {}
    for row in reading.rows:
        if problem := address_problem(row.channel, row.address):
            reading.add(row.line, problem, column="address")
        other = first.setdefault(((row.team or "").lower(), row.channel, row.address), row)
        if other is not row:
            same = f"the same recipient as in line {other.line}; write one row"
            reading.add(row.line, same, column="address")
        _check_ticket(reading, row)
        if row.channel == "chat" and environment_name(row.address) is None:
            reading.add(
                row.line,
                "the address of a chat lets everybody write there who can read this file; "
                "write env:NOTIFY_ADDRESS_NAME, and the address in .env",
                "warning",
                "address",
            )
    if products and products.columns:
        _check_teams(reading, products)


def address_problem(channel: str, address: str) -> str | None:
    """Return what is wrong with the address, without naming one that may be a secret; None if nothing is."""
    if not address or channel not in _EXPECTED or environment_name(address) is not None:
        return None
    if _fits(channel, address):
        return None
    shown = f" {quoted(address)}" if channel in ("mail", "jira") else ""
    return f"address{shown} is none of channel {channel}; write {_EXPECTED[channel]}"


def _fits(channel: str, address: str) -> bool:
    if channel == "webhook":
        try:
            parts = urlsplit(address)
            return parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            return False
    if channel == "mail" and not address.isascii():
        return False
    return bool({"mail": _mail, "chat": _chat, "jira": _jira}[channel](address))


def _check_ticket(reading: Reading, row: Recipient) -> None:
    if row.channel != "jira":
        return
    if others := [rule for rule in row.rules or () if rule not in TICKET_RULES]:
        reading.add(
            row.line,
            f"there are no tickets for {', '.join(others)}; write some of "
            f"{', '.join(TICKET_RULES)}, or leave rules blank for both",
            column="rules",
        )
    if row.digest:
        reading.add(row.line, "there is no digest by ticket; leave digest blank", column="digest")


def _check_teams(reading: Reading, products: Reading) -> None:
    owners = {product.owner_team.lower() for product in products.rows if product.owner_team}
    closest = Closest(owners)
    for row in reading.rows:
        team = (row.team or "").lower()
        if team and team not in owners and team not in (UNOWNED, UNASSIGNED):
            reading.add(
                row.line,
                f"team {quoted(row.team or '')} owns no product, so that nothing is sent"
                f"{closest.hint(team)}",
                "warning",
                "team",
            )
