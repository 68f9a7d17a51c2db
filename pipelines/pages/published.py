"""The published file as the pages read it: attached read-only, locked down, attached anew when it was replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Lock, Timer
from typing import Any

import duckdb

from pipelines.pages.answers import Answers
from pipelines.pages.older_files import completed
from pipelines.publish import PublishError
from pipelines.publish.open_published import first_line, how_to_publish
from pipelines.warehouse.attach import attach

Row = dict[str, Any]
QUERIES = Path(__file__).parent / "queries"
_PARAMETER = re.compile(r"\$(\w+)")


AT_ONCE = (
    4  # requests that read; more of them would each take longer, and no fewer seconds together
)
LONGEST_WAIT = 30  # seconds for those before


class TooLongError(Exception):
    """A query took longer than a request may."""


@dataclass
class Publication:
    """One published file, open. `kept`: what was worked out from it once and stays true as long as it is the file.

    `catalog`: where its tables are, made up with what a file of an earlier version lacks.
    """

    connection: duckdb.DuckDBPyConnection
    identity: tuple[int, ...]
    as_of: datetime
    published_at: datetime
    catalog_fingerprint: str | None
    comments: dict[tuple[str, str], str]
    catalog: str
    kept: dict[Any, Any] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)


class Reader:
    """What one request reads: always the publication that was there when it began."""

    def __init__(self, publication: Publication, cursor: duckdb.DuckDBPyConnection) -> None:
        self.publication = publication
        self._cursor = cursor

    def rows(self, name: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query in `queries/`; of the parameters it takes those that it names."""
        return self.run(query(name), **parameters)

    def run(self, sql: str, **parameters: Any) -> list[Row]:
        """Return the rows of a statement of ours."""
        named = set(_PARAMETER.findall(sql))
        cursor = self._cursor.execute(sql, {k: v for k, v in parameters.items() if k in named})
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def choices(self, name: str) -> dict[str, str]:
        """Return the first column of a query as what can be chosen, each shown as it is."""
        found = (next(iter(row.values())) for row in self.rows(name))
        return {value: value for value in found}

    def has(self, table: str, column: str) -> bool:
        """Say whether what is published has the column: a file of an older version may lack a newer one."""
        return (table, column) in self.publication.comments

    def row_kept(self, name: str) -> Row | None:
        """Return the first row of a query without parameters, which is asked once for a publication."""
        kept = self.publication.kept
        if name not in kept:
            kept[name] = self.row(name)
        found: Row | None = kept[name]
        return found

    def row(self, name: str, **parameters: Any) -> Row | None:
        """Return the first row of a query, None if there is none."""
        return next(iter(self.rows(name, **parameters)), None)


class PublishedFile:
    """The file at `path`, whichever publication it is just now; a request may take `seconds`."""

    def __init__(self, path: Path, seconds: float = 10) -> None:
        self.path, self._seconds = path, seconds
        self._current: Publication | None = None
        self._lock = Lock()
        self._slots = BoundedSemaphore(AT_ONCE)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Return a reader of the current publication.

        Raises PublishError where there is none or it cannot be read, TooLongError when the time is over.
        """
        if not self._slots.acquire(timeout=LONGEST_WAIT):
            raise TooLongError("Too many ask for too much just now.")
        try:
            publication = self.attached()
            cursor = publication.connection.cursor()
            cursor.execute(f"use {publication.catalog}")
            watch = Timer(self._seconds, cursor.interrupt)
            watch.start()
            try:
                yield Reader(publication, cursor)
            finally:
                watch.cancel()
                cursor.close()
        except duckdb.InterruptException:
            raise TooLongError(f"This took more than {self._seconds:g} seconds.") from None
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise PublishError(
                f"{self.path} is of another version, the next sync renews it: {first_line(error)}"
            ) from error
        except (duckdb.IOException, duckdb.SerializationException) as error:
            raise PublishError(f"{self.path} cannot be read: {first_line(error)}") from error
        finally:
            self._slots.release()

    def attached(self) -> Publication:
        """Return the publication that is at `path` now; who still reads an earlier one keeps it.

        Raises PublishError where there is none.
        """
        with self._lock:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._current = None
                raise PublishError(how_to_publish(self.path)) from None
            identity = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
            if self._current is None or self._current.identity != identity:
                self._current = _attach(self.path, identity)
            return self._current


def _attach(path: Path, identity: tuple[int, ...]) -> Publication:
    connection = duckdb.connect(config={"python_enable_replacements": False})
    attach(connection, path, "published", "read_only")
    connection.execute("use published")
    # A file of an earlier version may be put back: it does not name its catalog.
    [identified] = connection.sql("from marts.publication").to_arrow_table().to_pylist()
    comments = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'"
    ).fetchall()
    described = {(table, column): comment or "" for table, column, comment in comments}
    catalog = completed(connection, described)
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return Publication(
        connection,
        identity,
        identified["as_of"],
        identified["published_at"],
        identified.get("catalog_fingerprint"),
        described,
        catalog,
    )


@cache
def query(name: str) -> str:
    """Return the SQL of `queries/<name>.sql`."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8").rstrip().rstrip(";")
