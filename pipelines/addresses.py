"""Addresses as people write them: whether a client can ask there, and who can read what is sent there."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

# An address with one of these is refused by the HTTP client, late and in its own words.
_NEVER_IN_ADDRESSES = '*<>"\\^`{|}'


def is_address(url: str) -> bool:
    """Return whether an HTTP client can ask there."""
    try:
        parts = urlsplit(url)
        # Both raise ValueError for what no name or port can be.
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError:
        return False
    is_clean = url.isprintable() and not any(
        letter.isspace() or letter in _NEVER_IN_ADDRESSES for letter in url
    )
    return parts.scheme in ("https", "http") and bool(parts.hostname) and is_clean


def is_private(url: str) -> bool:
    """Return whether nobody in between can read what is sent there: it is encrypted, or stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether the name or address is this machine's own, which no other machine reaches."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def organization_of(word: str) -> str:
    """Return an organization's slug, also of an address of it: SLUG.sentry.io, or .../organizations/SLUG/."""
    address = urlsplit(word)
    if not address.netloc:
        return word
    _, _, path = address.path.partition("/organizations/")
    return path.partition("/")[0] or address.netloc.partition(".")[0]
