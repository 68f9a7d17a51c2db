"""What no Sentry sends: beyond these bounds a reply fails its organization, by name.

Each leaves room for the largest that real servers have shown, many times over.
"""

from __future__ import annotations

from datetime import datetime

# Seconds from the question to the last byte of the reply. A server may be silent for up to 60 of them.
REPLY_SECONDS = 120.0
# Bytes of a reply, unpacked, and JSON values in it: a hundred issues take some 400 kB and 20,000.
REPLY_BYTES = 32 * 1024**2
REPLY_VALUES = 1_000_000
# Pages of 100 rows: of issues, and of what is held in memory whole (projects, teams).
LISTING_PAGES = 20_000
HELD_PAGES = 300
# Of numbers of events: a hundred projects and days, or issues and releases, each.
EVENT_PAGES = 2_000
LISTING_SECONDS = 6 * 3600.0
# Pages of a listing, one after the other, that are empty or repeat rows of it.
IDLE_PAGES = 50

# A count. Nine millions of them still add up to less than 2^63, which is all that the models can hold.
COUNT = 10**12
# Days from the first to the last are rows of the models.
FIRST_MOMENT, LAST_MOMENT = datetime(1970, 1, 1), datetime(2100, 1, 1)
# Characters of an id or a slug, which become part of an address.
KEY_LENGTH = 200


def is_possible(moment: datetime) -> bool:
    """Return whether something in Sentry can have happened then (naive UTC)."""
    return FIRST_MOMENT <= moment < LAST_MOMENT
