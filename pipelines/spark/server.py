"""Spark's thrift server, asked in SQL."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pipelines.spark.errors import SparkError

INSTALL = (
    "The packages that speak to Spark are not installed. In this folder: "
    "`.venv/bin/python -m pip install --require-hashes --no-deps --requirement requirements/spark.txt`, "
    "or `make spark`, which does that first."
)
# Spark takes a session's settings only with this prefix. Times are instants in UTC, for Parquet too.
_SESSION = {
    "set:spark.sql.session.timeZone": "UTC",
    "set:spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
_POLL = 0.02  # seconds; the server itself holds an answer back for a while
# States of an operation, as the thrift protocol numbers them: initialized, running, pending.
_UNDER_WAY, _FINISHED = (0, 1, 7), 2
_COLUMN = re.compile(r"^ \|-- (.+?): ([^\n]+?) \(nullable", re.MULTILINE)
_LOCATION = re.compile(r"^Location: (\S.*)$", re.MULTILINE)


class Spark:
    """An open session."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, sql: str) -> None:
        """Run a statement to its end; SparkError with Spark's own reason."""
        self.rows(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the query gives, nothing for a statement; SparkError with Spark's own reason."""
        cursor = self._connection.cursor()
        with _explained():
            # Asked again and again, rather than waited for: what is silent for minutes may be cut off on the way.
            cursor.execute(sql, async_=True)
            state = cursor.poll()
            while state.operationState in _UNDER_WAY:
                time.sleep(_POLL)
                state = cursor.poll()
            if state.operationState != _FINISHED:
                raise SparkError(_reason(state.errorMessage or f"state {state.operationState}"))
            return list(cursor.fetchall()) if cursor.description else []

    def tables(self, database: str) -> dict[str, str]:
        """Return what Spark says of each table and view of a database, by name."""
        rows = self.rows(f"show table extended in {database} like '*'")
        return {
            name: information for _, name, is_temporary, information in rows if not is_temporary
        }


def location_of(information: str) -> str:
    """Return where the files of a table are, as Spark says of it; blank for a view."""
    found = _LOCATION.search(information)
    return found[1] if found else ""


def columns_of(information: str) -> dict[str, str]:
    """Return the columns of a table with their types, as Spark says of it."""
    return dict(_COLUMN.findall(information))


@contextmanager
def connected(server: tuple[str, int]) -> Iterator[Spark]:
    """Return a session of the thrift server at this host and port; SparkError if none is to be had."""
    try:
        from pyhive import hive
    except ImportError:
        raise SparkError(INSTALL) from None
    logging.getLogger("thrift").setLevel(logging.CRITICAL)  # what it would print is in the error
    host, port = server
    try:
        connection = hive.connect(host, port, username="sentry-by-product", configuration=_SESSION)
    except Exception as error:
        raise SparkError(
            f"Spark does not answer at thrift://{host}:{port} (SPARK_URL): {_reason(str(error))} "
            "Is the thrift server running there, and reachable from here?"
        ) from None
    try:
        yield Spark(connection)
    finally:
        with suppress(Exception):  # a server that is gone keeps no session
            connection.close()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SparkError:
        raise
    except Exception as error:
        status = getattr(error.args[0], "status", None) if error.args else None
        raise SparkError(_reason(getattr(status, "errorMessage", None) or str(error))) from None


def _reason(text: str) -> str:
    """Return the first line of what Spark says, which its Java classes follow and precede."""
    line = text.strip().partition("\n")[0]
    return f"Spark: {re.sub(r'^(Error running query: )?([a-z]+[.])+[A-Za-z]+: ', '', line)}"


def quoted(text: str) -> str:
    """Return the text as a string in Spark's SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
