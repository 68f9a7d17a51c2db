"""The published tables as Parquet, for programs that have no DuckDB driver.

One folder per publication, `20261123T060000Z/fct_issues.parquet` and so on, and a link `current`
to the newest, replaced by a rename. A program that resolves `current` once and then reads from the
folder that it names sees one publication, for as long as that folder is kept. Views are left out:
they are joins of tables that are there, and several times their size.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from pipelines.publish.contract import SCHEMA, Publication
from pipelines.settings import DUCKDB_LIMITS
from pipelines.warehouse.attach import attach, literal
from pipelines.warehouse.durable import sync

CURRENT = "current"

TABLES = """
select table_name
from duckdb_tables()
where database_name = 'published' and schema_name = $schema
"""


def export(publication: Publication, file: Path, folder: Path, mode: int) -> None:
    """Write every table of `file` to `folder`/<label>, which is complete once it has that name."""
    complete = folder / publication.label
    draft = folder / f"{publication.label}.tmp"
    for leftover in (*folder.glob("*.tmp"), complete):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    try:
        _write(file, draft, mode)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.chmod(_folder_mode(mode))
    draft.rename(complete)
    sync(folder)


def point_to(publication: Publication, folder: Path) -> None:
    """Let `current` name the publication's folder, if it has one."""
    if not (folder / publication.label).is_dir():
        return
    link = folder / f"{CURRENT}.new"
    link.unlink(missing_ok=True)
    link.symlink_to(publication.label)
    os.replace(link, folder / CURRENT)
    sync(folder)


def prune(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` folders that `current` does not name."""
    current = (folder / CURRENT).resolve()
    previous = sorted(
        (path for path in folder.glob("*T*Z") if path.resolve() != current),
        key=lambda path: path.stat().st_mtime_ns,
        reverse=True,
    )
    for path in previous[keep:]:
        shutil.rmtree(path)


def _write(file: Path, folder: Path, mode: int) -> None:
    # Its row groups want memory; what it shares with other writers is that a failed write must not hang.
    with duckdb.connect(config={"async_threads": DUCKDB_LIMITS["async_threads"]}) as db:
        attach(db, file, "published", "read_only")
        db.execute(f"use published.{SCHEMA}")
        for (table,) in db.execute(TABLES, {"schema": SCHEMA}).fetchall():
            path = folder / f"{table}.parquet"
            db.execute(f'copy "{table}" to {literal(path)} (format parquet, compression zstd)')
            path.chmod(mode)
            sync(path)


def _folder_mode(mode: int) -> int:
    """Who may read the files may enter the folder; its owner may also remove it."""
    return 0o700 | mode | (mode & 0o444) >> 2
