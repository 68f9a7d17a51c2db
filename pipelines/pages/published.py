"""The published file as the pages read it: attached read-only, locked down, attached anew when it was replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread, Timer
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
_KEPT = re.compile(r"\bkept\.(\w+)")


AT_ONCE = (
    4  # requests that read; more of them would each take longer, and no fewer seconds together
)
# The overview's first: a million issues take seconds.
KEPT = ("tiles", "sparklines", "projects", "places", "issues", "movers")
# Issues that are uncompressed in memory: some 300 MB.
AT_A_TIME = 500_000
LONGEST_WAIT = 30  # seconds for those before


class TooLongError(Exception):
    """A query took longer than a request may."""


@dataclass
class Publication:
    """One published file, open. `kept`: what was worked out from it once and stays true as long as it is the file.

    So do the tables `kept.<name>` in memory, which are made of `queries/kept/<name>.sql`: in the background, at once
    where a query reads them before. `catalog`: where its tables are, made up with what a file of an earlier version
    lacks.
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
    _tables: set[str] = field(default_factory=set)
    _locks: dict[str, Lock] = field(default_factory=lambda: {name: Lock() for name in KEPT})

    def make_ready(self) -> None:
        """Make the tables in memory before someone waits for them."""
        for name in KEPT:
            with suppress(duckdb.Error):  # said to who asks for it
                self.keep_tables(f"kept.{name}")

    def lacks(self, sql: str) -> set[str]:
        """Return the tables in memory that the statement reads, and that are not there yet."""
        return set(_KEPT.findall(sql)) - self._tables

    def keep_tables(self, sql: str) -> None:
        """Make the tables in memory that the statement reads, in whatever time that takes."""
        for name in self.lacks(sql):
            with self._locks[name]:
                if name not in self._tables:
                    self.keep_tables(query(f"kept/{name}"))
                    self._make(name)
                    self._tables.add(name)

    def _make(self, name: str) -> None:
        rows, verb = query(f"kept/{name}"), f"create or replace table kept.{name} as"
        with self.connection.cursor() as cursor:
            cursor.execute(f"use {self.catalog}")
            for part in _parts(cursor) if _PARAMETER.search(rows) else [{}]:
                cursor.execute(f"{verb} {rows}", _named(rows, part))
                verb = f"insert into kept.{name}"
                # It compresses what is in memory, once nobody reads there; who then begins to waits for it.
                cursor.execute("force checkpoint kept")


def _parts(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the parts in which a table is made where all of it at once would take much memory.

    Each is a range of places of issues and of products.
    """
    [[issues]] = cursor.sql("select count(*) from marts.fct_issues").fetchall()
    count = 1 + issues // AT_A_TIME
    products = sorted(
        name for (name,) in cursor.sql("select product_id from marts.dim_products").fetchall()
    )
    first = [products[len(products) * part // count] if products else None for part in range(count)]
    return [
        {
            "first_place": 1 + part * AT_A_TIME,
            "end_place": 1 + (part + 1) * AT_A_TIME,
            "first_product": product,
            "end_product": end,
        }
        for part, (product, end) in enumerate(zip(first, [*first[1:], None], strict=True))
    ]


def _named(sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return those of the parameters that the statement takes."""
    return {name: parameters[name] for name in _PARAMETER.findall(sql) if name in parameters}


class Reader:
    """What one request reads: always the publication that was there when it began."""

    def __init__(
        self, publication: Publication, cursor: duckdb.DuckDBPyConnection, seconds: float
    ) -> None:
        self.publication = publication
        self._cursor, self._seconds = cursor, seconds
        self._watch = self._watched()

    def close(self) -> None:
        """End it, and what watches its time."""
        self._watch.cancel()
        self._cursor.close()

    def rows(self, name: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query in `queries/`; of the parameters it takes those that it names."""
        return self.run(query(name), **parameters)

    def run(self, sql: str, **parameters: Any) -> list[Row]:
        """Return the rows of a statement of ours."""
        if self.publication.lacks(sql):
            # What serves every request until the next publication takes none of the time of one.
            self._watch.cancel()
            self.publication.keep_tables(sql)
            self._watch = self._watched()
        cursor = self._cursor.execute(sql, _named(sql, parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _watched(self) -> Timer:
        watch = Timer(self._seconds, self._cursor.interrupt)
        watch.start()
        return watch

    def choices(self, name: str) -> dict[str, str]:
        """Return the first column of a query as what can be chosen, each shown as it is."""
        found = (next(iter(row.values())) for row in self.rows(name))
        return {value: value for value in found}

    def has(self, table: str, column: str) -> bool:
        """Say whether what is published has the column: a file of an older version may lack a newer one."""
        return (table, column) in self.publication.comments

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
            with closing(Reader(publication, cursor, self._seconds)) as reader:
                yield reader
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
                Thread(target=self._current.make_ready).start()
            return self._current


def _attach(path: Path, identity: tuple[int, ...]) -> Publication:
    connection = duckdb.connect(config={"python_enable_replacements": False})
    attach(connection, path, "published", "read_only")
    connection.execute("attach ':memory:' as kept (compress)")
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
