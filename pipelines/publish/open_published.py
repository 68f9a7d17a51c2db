"""The published file, opened for reading: the one way for everything that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.warehouse.attach import attach
from pipelines.warehouse.damage import damage, foreign


class PublishError(Exception):
    """Nothing was published, or what is published cannot be read; the message says why, and what to do.

    What was published before is as it was.
    """


@contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection in which the file is the read-only catalog `published`, and the current one.

    It keeps the file that is there now, also after a newer one has replaced it. Raises PublishError where there is
    none, and for whatever DuckDB refuses within the block.
    """
    if not path.exists():
        raise PublishError(how_to_publish(path))
    if reason := foreign(path):
        raise PublishError(_how_to_replace(path, reason))
    try:
        # In memory and attached: DuckDB opens a path only once per process, so that a file that was replaced would
        # be the old one. Without replacements a missing table is missing, even if a Python name is the same.
        with duckdb.connect(config={"python_enable_replacements": False}) as connection:
            attach(connection, path, "published", "read_only")
            connection.execute("use published")
            yield connection
    except duckdb.CatalogException as error:
        raise PublishError(f"{path} lacks a table: {first_line(error)}") from error
    except (duckdb.Error, UnicodeError) as error:
        if reason := damage(error):
            raise PublishError(_how_to_replace(path, reason)) from error
        raise PublishError(f"{path} cannot be read: {first_line(error)}") from error


def how_to_publish(path: Path) -> str:
    """Return the message that nothing is published there yet, and what to run first."""
    demo = path.parent / "demo"
    if (demo / path.name).exists():
        way = f"`make sync` makes it, and the demo's is in {demo}: put DATA_DIR={demo} before the command"
    else:
        way = "`make sync` makes it, or `make demo` a sample"
    return f"{path} is not there yet; {way}"


def _how_to_replace(path: Path, reason: str) -> str:
    return (
        f"{path} is damaged ({reason}). `make sync` publishes anew, `make rollback` puts an earlier publication in "
        "its place, `make restore` a backup; nothing is lost while the warehouse is whole"
    )


def first_line(error: Exception) -> str:
    """Return the first line of the error's message: DuckDB's go on with the statement."""
    return str(error).partition("\n")[0]
