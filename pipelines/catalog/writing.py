"""A file of the catalog, replaced in one move, unless somebody else has changed it meanwhile."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.catalog import spreadsheet
from pipelines.catalog.fingerprints import MISSING, fingerprint_of
from pipelines.catalog.spreadsheet import MissingFileError, UnreadableError


class ChangedError(Exception):
    """The file is not the one that was edited: somebody has changed it since."""


class WriteError(Exception):
    """The file cannot be written; it is as it was. The message says why."""


def replace(path: Path, data: bytes, fingerprint: str) -> None:
    """Put these bytes in the place of the file with this fingerprint; its mode stays, and so does a link to it.

    Those who write through here wait for each other. Raises ChangedError where the file is another by now, and
    WriteError where it cannot be written.
    """
    # What is linked is the file, wherever it lies.
    target = path.resolve()
    try:
        with _alone(target.parent):
            if _fingerprint(target) != fingerprint:
                raise ChangedError(f"{path} was changed meanwhile.")
            _replace(target, data)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror or error}.") from error


def _fingerprint(path: Path) -> str:
    try:
        return fingerprint_of(spreadsheet.content(path))
    except MissingFileError:
        return MISSING
    except UnreadableError as error:
        raise WriteError(f"{path} {error.message}.") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(target: Path, data: bytes) -> None:
    descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            _like(target, stream.fileno())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _like(target: Path, descriptor: int) -> None:
    """Give the new file the mode of the old one and, where we may, its owner and group."""
    if not target.exists():
        # As readable as its folder.
        os.fchmod(descriptor, target.parent.stat().st_mode & 0o666)
        return
    found = target.stat()
    with suppress(PermissionError):
        os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, found.st_mode & 0o777)
