"""What DuckDB says of a file that is damaged, or that is none of its own."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from pipelines.sentry.errors import chain

# The mark at byte 8. DuckDB would look for an extension to open what has another, on the network.
_MARK = b"DUCK"
_DAMAGED = re.compile(
    r"(Corrupt database file|Could not read enough bytes|Failed to load metadata)[^\n]*"
    r"|it is not a valid DuckDB database file"
    r"|(?<=Serialization Error: )[^\n]*|(?<=INTERNAL Error: )[^\n]*"
)


def damage(error: BaseException | str) -> str | None:
    """Return DuckDB's words for a damaged file in the error or one that caused it, None if it is another error."""
    texts = [error] if isinstance(error, str) else [str(each) for each in chain(error)]
    found = (_DAMAGED.search(text) for text in texts)
    return next((match.group().strip() for match in found if match), None)


def foreign(path: Path) -> str | None:
    """Return that the file is none of DuckDB's, by its first bytes; None if it is one or is not there."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        return "it is a folder"
    return None if start[8:] == _MARK else "it is not a DuckDB database file"


def unreadable(path: Path) -> str | None:
    """Return why the DuckDB file cannot be read, None if all of it can. Reads every row of every table."""
    if reason := foreign(path):
        return reason
    try:
        with duckdb.connect(str(path), read_only=True) as db:
            tables = db.execute(
                'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables()'
            )
            for (table,) in tables.fetchall():
                db.execute(f"select sum(hash(t)) from {table} as t").fetchall()
    except duckdb.Error as error:
        return damage(error) or str(error).partition("\n")[0]
    return None


def explanation(warehouse: Path, reason: str) -> str:
    """Return the message that the warehouse is damaged, with the ways out and what each loses."""
    return (
        f"{warehouse} is damaged ({reason}); what is published is as it was. Put back a backup (`make restore`). "
        f"Or move {warehouse.name} away and run `make sync`: everything is read from Sentry again, and with the "
        "published file still there the histories come back as of its publication. Without that file they are lost: "
        "former versions of products and assignments, the log of syncs, event counts older than 90 days, and the "
        "issues and changes of status that Sentry no longer shows."
    )
