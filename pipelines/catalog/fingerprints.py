"""Has a file changed? By content, because time stamps change without it, and it without them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines.catalog.spreadsheet import UnreadableError, content
from pipelines.catalog.tables import TABLES, Table

MISSING = "none"
"""The fingerprint of a file that is not there."""


def fingerprint_of(data: bytes) -> str:
    """Return a hash of one file's bytes."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(seeds_dir: Path, without: Table | None = None) -> str:
    """Return a hash of the bytes of the files, but those of one; one that is missing or unreadable counts so."""
    digest = hashlib.sha256()
    for table in (each for each in TABLES if each is not without):
        try:
            data: bytes | None = content(seeds_dir / table.file)
        except UnreadableError:
            data = None
        length = "none" if data is None else str(len(data))
        digest.update(f"{table.file}\n{length}\n".encode())
        digest.update(data or b"")
    return digest.hexdigest()
