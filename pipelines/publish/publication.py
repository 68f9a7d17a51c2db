"""Publish what the warehouse holds, or put back what was published before."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish import parquet, versions
from pipelines.publish.build import build
from pipelines.publish.contract import Publication, read_publication, verify
from pipelines.publish.open_published import PublishError, first_line
from pipelines.warehouse.damage import damage

log = logging.getLogger(__name__)

# For owner and group. Writable by no one: a program that opened it for writing would shut out
# all readers.
FILE_MODE = 0o440


def publish(
    warehouse: Path,
    target: Path,
    *,
    run_id: str,
    published_at: datetime,
    keep: int = 3,
    mode: int = FILE_MODE,
    parquet_folder: Path | None = None,
) -> Publication:
    """Replace `target` by the marts of `warehouse` and return the new publication.

    `published_at` is naive UTC by Sentry's clock (`run_log.sentry_clock`). The last `keep` earlier
    publications stay beside the target. Readers of the old file go on undisturbed, a new connection
    sees the new one. Afterwards `run_log.finish_run` marks the run in the warehouse.

    Raises PublishError, and leaves what is published as it was, when the marts break the contract,
    the copy is not the original, or the file cannot be written.
    """
    with _explained(target), versions.workspace(target) as workspace:
        file = workspace / target.name
        build(warehouse, file, run_id=run_id, published_at=published_at)
        publication = verify(file)
        file.chmod(mode)
        if parquet_folder:
            parquet.export(publication, file, parquet_folder, mode)
            parquet.point_to(publication, parquet_folder)
        versions.replace(target, file, workspace)
        with suppress(OSError):  # what cannot be removed now is removed after the next publication
            versions.prune(target, keep)
            if parquet_folder:
                parquet.prune(parquet_folder, keep)
    return replace(publication, path=target)


def rollback(
    target: Path, label: str | None = None, *, parquet_folder: Path | None = None
) -> Publication:
    """Put an earlier publication back and return it; the one that it replaces is kept.

    `label` is its time of publication as in the file's name; by default the one before the current.
    It is verified first. Raises PublishError where there is none, or it breaks the contract.
    """
    with _explained(target), versions.workspace(target) as workspace:
        chosen = _earlier(target, label)
        publication = verify(chosen)
        file = workspace / target.name
        os.link(chosen, file)
        if parquet_folder:
            parquet.point_to(publication, parquet_folder)
        versions.replace(target, file, workspace)
    return replace(publication, path=target)


def publications(target: Path) -> list[Publication]:
    """Return the current publication and, newest first, those that can be put back; a damaged one is logged.

    Raises PublishError where there is none at all.
    """
    found = []
    for file in [*([target] if target.exists() else []), *_previous(target)]:
        try:
            found.append(read_publication(file))
        except PublishError as error:
            log.warning("%s", error)
    if not found:
        raise PublishError(f"nothing is published at {target}")
    return found


def _previous(target: Path) -> list[Path]:
    return [
        file for file in versions.kept(target) if not (target.exists() and file.samefile(target))
    ]


def _earlier(target: Path, label: str | None) -> Path:
    previous = _previous(target)
    if label:
        found = [file for file in previous if file.name == f"{target.stem}.{label}{target.suffix}"]
        missing = f"no publication of {label} is kept beside {target}"
    else:
        written = target.stat().st_mtime_ns if target.exists() else None
        found = [file for file in previous if written is None or file.stat().st_mtime_ns < written]
        missing = f"no publication earlier than {target} is kept"
    if not found:
        raise PublishError(missing)
    return found[0]


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Raise PublishError for what DuckDB or the system refused, with the way out."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if damage(error):
            raise  # not the disk's fault
        disk = next(folder for folder in target.absolute().parents if folder.exists())
        free = shutil.disk_usage(disk).free
        reason = first_line(error)
        state = "is as it was" if target.exists() else "was not written"
        raise PublishError(
            f"cannot replace {target}: {reason}. {target.name} {state}. "
            f"Its disk has {free:,} bytes free; if that is too little, free some "
            "or move DATA_DIR to a larger one, and run again."
        ) from error
