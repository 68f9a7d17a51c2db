"""The versions of the published file, and how one takes the place of another.

- `product_health.duckdb`: the current one
- `product_health.20261123T060000Z.duckdb`: a kept one, named by its time of publication
- `product_health.duckdb.tmp/`: what a running publication writes; private, and gone afterwards

Every change is a rename within one disk, so that at any moment, and after a crash at any moment,
the current name holds one whole file.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipelines.publish.contract import read_publication
from pipelines.publish.open_published import PublishError
from pipelines.warehouse.durable import sync


@contextmanager
def workspace(target: Path) -> Iterator[Path]:
    """Return the only publisher of `target` an empty private folder beside it.

    The folder is gone afterwards, and so is what a killed publisher left in it. A second publisher
    waits for the first.
    """
    folder = target.with_name(f"{target.name}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def replace(target: Path, file: Path, folder: Path) -> None:
    """Put `file` in the place of `target`, which is never missing and stays as a kept one.

    `folder` is the workspace.
    """
    sync(file)
    if target.exists():
        kept = target.with_name(f"{target.stem}.{_label(target)}{target.suffix}")
        link = folder / "previous"
        os.link(target, link)
        os.replace(link, kept)
    # Left by a program that opened the published file for writing; it would be taken for the
    # new file's log.
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    os.replace(file, target)
    sync(target.parent)


def kept(target: Path) -> list[Path]:
    """Return the kept files, the last written first.

    The current one is among them after it was put back.
    """
    files = target.parent.glob(f"{target.stem}.*T*Z{target.suffix}")
    return sorted(files, key=lambda file: file.stat().st_mtime_ns, reverse=True)


def prune(target: Path, keep: int) -> None:
    """Remove all but the newest `keep` files that were published before."""
    previous = [file for file in kept(target) if not file.samefile(target)]
    for file in previous[keep:]:
        file.unlink()


def _label(target: Path) -> str:
    try:
        return read_publication(target).label
    except PublishError:
        # Something else, or someone holds it open for writing. It is kept all the same.
        return f"{datetime.fromtimestamp(target.stat().st_mtime, UTC):%Y%m%dT%H%M%SZ}"
