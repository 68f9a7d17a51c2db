"""What the warehouse already knows, beside what was just read, and how the two differ.

Opens the warehouse read-only beside an in-memory database, where the rows of this sync are staged. Everything that
compares or keeps many rows is SQL within a fixed memory: DuckDB moves to disk what does not fit. What is particular to
issues is in stored_issues.py, to projects and teams in stored_directory.py.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.sentry.plan import OrganizationState
from pipelines.sentry.schema import DATASET, RAW_TABLES, RawTable, duckdb_types
from pipelines.settings import DUCKDB_LIMITS

# Columns that say when and how we looked, not what Sentry said.
_OURS = {"observed_at", "activities_read_at", "first_release_read_at", "adopted_at"}
# A table of many small batches takes DuckDB three times as long to read.
_BYTES_AT_ONCE = 4 * 1024**2
# Whoever reads a file holds this much of it at once.
_ROWS_PER_GROUP = 10_000


class StoredState:
    """The warehouse before this sync, as views `stored_<table>`, beside what this sync reads.

    `staged_<table>` holds what was read, `changed_<table>` what of it the warehouse does not hold like this.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.sql, self.folder = connection, folder
        self._waiting: defaultdict[str, list[pa.Table]] = defaultdict(list)
        self._bytes: Counter[str] = Counter()
        self._lock = threading.Lock()
        columns = self._existing_columns()
        self.sql.execute(";".join(_empty_tables()))
        self.sql.execute(";".join(_view(table, columns.get(table.name)) for table in RAW_TABLES))
        for table in RAW_TABLES:
            self.set_changed(table, _changed(table))

    def _existing_columns(self) -> dict[str, set[str]]:
        columns: dict[str, set[str]] = {}
        for table, column in self.rows(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'warehouse' and schema_name = ?",
            DATASET,
        ):
            columns.setdefault(str(table), set()).add(str(column))
        return columns

    def states(self, as_of: datetime) -> dict[str, OrganizationState]:
        """Return per organization where its last complete sync and its last complete full sync stood.

        A server's clock that was ahead once says nothing of the time until then.
        """
        rows = self.sql.execute(
            "select organization_slug, max(started_at), max(started_at) filter (mode = 'full') "
            "from stored_organization_syncs where status = 'complete' and started_at <= ? group by 1",
            [as_of],
        ).fetchall()
        return {slug: OrganizationState(watermark, swept) for slug, watermark, swept in rows}

    def capabilities(self, slug: str) -> dict[str, Any]:
        """Return what the last complete sync of an organization found its server able to do."""
        rows = self.rows(
            "select capabilities from stored_organization_syncs "
            "where organization_slug = ? and status = 'complete' order by started_at desc limit 1",
            slug,
        )
        return dict(json.loads(str(rows[0][0]))) if rows and rows[0][0] else {}

    def slugs(self) -> set[str]:
        """Return the organizations that the warehouse holds."""
        return {
            str(slug) for (slug,) in self.rows("from stored_organizations select organization_slug")
        }

    def add(self, name: str, rows: pa.Table) -> None:
        """Put rows behind those of table `name`. Safe for threads; to be seen there after `flush`."""
        with self._lock:
            self._waiting[name].append(rows)
            self._bytes[name] += rows.nbytes
            if self._bytes[name] >= _BYTES_AT_ONCE:
                self._write(name)

    def flush(self) -> None:
        """Let all rows that were added be seen."""
        with self._lock:
            for name in list(self._waiting):
                self._write(name)

    def _write(self, name: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(name)).combine_chunks()
        del self._bytes[name]
        self.sql.register("incoming", rows)
        self.sql.execute(f"insert into {name} from incoming")
        self.sql.unregister("incoming")

    def settle(self, table: RawTable, *parts: RawTable) -> None:
        """Of the staged rows with one key keep the last, in the table and in the `parts` that came with its rows."""
        self.flush()
        key = ", ".join(table.key)
        self.sql.execute(
            f"create or replace table repeated as "
            f"select {key} from staged_{table.name} group by {key} having count(*) > 1"
        )
        for each in (table, *parts):
            self.sql.execute(f"""
                delete from staged_{each.name} where rowid in (
                    select number from (
                        select rowid as number, max(rowid) over (partition by {", ".join(each.key)}) as last
                        from staged_{each.name} semi join repeated using ({key})
                    ) where number < last
                )
            """)

    def stage(self, table: RawTable, rows: pa.Table) -> None:
        """Make rows of this sync readable as `staged_<table>`; a later row of the same key wins."""
        self.keep(f"staged_{table.name}", rows)
        self.settle(table)

    def set_changed(self, table: RawTable, query: str) -> None:
        """Let `changed_<table>` be what the query returns."""
        self.sql.execute(f"create or replace view changed_{table.name} as {query}")

    def write_changed(self) -> dict[str, Path]:
        """Write `changed_<table>` of every raw table into a Parquet file each; returns those that have rows."""
        self.flush()
        files: dict[str, Path] = {}
        for table in RAW_TABLES:
            path = self.folder / f"{table.name}.parquet"
            if self.write(table, path, f"from changed_{table.name}"):
                files[table.name] = path
        return files

    def write(self, table: RawTable, path: Path, query: str) -> int:
        """Write the rows of a query in the columns of the raw table; returns how many. No rows, no file."""
        columns = ", ".join(table.schema.names)
        [(count,)] = self.rows(
            f"copy (select {columns} from ({query})) to {_literal(path)} "
            f"(format parquet, row_group_size {_ROWS_PER_GROUP})"
        )
        if not count:
            path.unlink()
        return int(str(count))

    def stream(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, whatever else is read and written meanwhile."""
        with self._lock:
            cursor = self.sql.cursor()
        with cursor:
            cursor.execute(query, list(parameters))
            while rows := cursor.fetchmany(1000):
                yield from rows

    def stored_rows(self, table: RawTable, condition: str) -> Iterator[dict[str, Any]]:
        """Yield the stored rows of a raw table that meet the condition."""
        names = table.schema.names
        for row in self.stream(f"from stored_{table.name} where {condition}"):
            yield dict(zip(names, row, strict=True))

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        return self.sql.execute(query, list(parameters)).fetchall()

    def keep(self, name: str, rows: pa.Table) -> None:
        """Make just these rows readable as the table `name`."""
        self.sql.register("incoming", rows)
        self.sql.execute(f"create or replace table {name} as select * from incoming")
        self.sql.unregister("incoming")

    def keep_ids(self, name: str, ids: Iterable[str]) -> None:
        """Make ids readable as the table `name` of one column, id."""
        self.keep(name, pa.table({"id": pa.array(sorted(ids), pa.string())}))


def differs(table: RawTable, expressions: Mapping[str, str] | None = None) -> str:
    """Return the condition that a row `staged` is not as `stored`: new, or of other values than the expressions say.

    When and how we looked is no difference.
    """
    staged = {name: f"staged.{name}" for name in table.schema.names} | dict(expressions or {})
    facts = [name for name in table.schema.names if name not in _OURS]
    return " or ".join(
        [f"stored.{table.key[0]} is null"]
        + [f"{staged[name]} is distinct from stored.{name}" for name in facts]
    )


def _empty_tables() -> Iterator[str]:
    for name, columns in duckdb_types().items():
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        for kind in ("empty", "staged"):
            yield f"create table {kind}_{name} ({listed})"


def _changed(table: RawTable) -> str:
    return (
        f"select staged.* from staged_{table.name} as staged left join stored_{table.name} as stored "
        f"using ({', '.join(table.key)}) where {differs(table)}"
    )


def _view(table: RawTable, existing: set[str] | None) -> str:
    """Return the statement that makes `stored_<table>`, with null for columns that an older warehouse lacks."""
    empty = f"empty_{table.name}"
    columns = ", ".join(
        name if existing is None or name in existing else f"(select {name} from {empty}) as {name}"
        for name in table.schema.names
    )
    source = empty if existing is None else f"warehouse.{DATASET}.{table.name}"
    return f"create view stored_{table.name} as select {columns} from {source}"


@contextmanager
def open_stored_state(warehouse: Path | None, folder: Path | None = None) -> Iterator[StoredState]:
    """Open the warehouse read-only for the time of the block; a missing file knows nothing.

    Into the folder goes what does not fit into memory, and what is written to be loaded: None is for looking alone.
    """
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, value in DUCKDB_LIMITS.items():
            connection.execute(f"set {name} = '{value}'")
        spill = _literal(folder / "spill") if folder else "''"
        connection.execute(f"set temp_directory = {spill}")
        if warehouse is not None and warehouse.exists():
            connection.execute(f"attach {_literal(warehouse)} as warehouse (read_only)")
        yield StoredState(connection, folder or Path())


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
