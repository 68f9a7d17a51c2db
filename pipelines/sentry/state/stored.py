"""What the warehouse already knows, beside what was just read, and how the two differ.

Opens the warehouse read-only beside an in-memory database, where the rows of this sync are staged. Everything that
compares many rows is SQL, so that memory follows what was read and not the history. What is particular to issues is in
stored_issues.py, to projects and teams in stored_directory.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.sentry.plan import OrganizationState
from pipelines.sentry.schema import DATASET, RAW_TABLES, RawTable

# Columns that say when and how we looked, not what Sentry said.
_OURS = {"observed_at", "activities_read_at", "adopted_at"}


class StoredState:
    """The warehouse before this sync, as views `stored_<table>`, beside the rows staged by it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.sql = connection
        columns = self._existing_columns()
        for table in RAW_TABLES:
            self.keep(f"empty_{table.name}", table.schema.empty_table())
        self.sql.execute(";".join(_view(table, columns.get(table.name)) for table in RAW_TABLES))

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

    def slugs(self) -> set[str]:
        """Return the organizations that the warehouse holds."""
        return {
            str(slug) for (slug,) in self.rows("from stored_organizations select organization_slug")
        }

    def stage(self, table: RawTable, batches: Sequence[pa.Table]) -> None:
        """Make rows of this sync readable as `staged_<table>`; a later row of the same key wins."""
        rows = pa.concat_tables(batches) if batches else table.schema.empty_table()
        # A table of many small batches takes DuckDB three times as long to read.
        self.keep(f"staged_{table.name}", rows.combine_chunks())
        self.sql.execute(
            f"delete from staged_{table.name} where rowid not in "
            f"(select max(rowid) from staged_{table.name} group by {', '.join(table.key)})"
        )

    def changed(self, table: RawTable, also: tuple[str, ...] = ()) -> pa.Table:
        """Return the staged rows that the warehouse does not hold like this, in the table's own columns.

        When and how we looked is no difference, except in the columns named by `also`.
        """
        keys = " and ".join(f"staged.{key} = stored.{key}" for key in table.key)
        facts = [name for name in table.schema.names if name in also or name not in _OURS]
        differs = " or ".join(f"staged.{name} is distinct from stored.{name}" for name in facts)
        return self.table(
            f"select staged.* from staged_{table.name} as staged "
            f"left join stored_{table.name} as stored on {keys} "
            f"where stored.{table.key[0]} is null or {differs}",
            table.schema,
        )

    def table(self, query: str, schema: pa.Schema) -> pa.Table:
        """Return the rows of a query as an Arrow table of this schema."""
        result: pa.Table = self.sql.sql(query).to_arrow_table()
        return result.cast(schema)

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        return self.sql.execute(query, list(parameters)).fetchall()

    def keep(self, name: str, rows: pa.Table) -> None:
        """Make rows readable as the table `name`."""
        self.sql.register("incoming", rows)
        self.sql.execute(f"create or replace table {name} as select * from incoming")
        self.sql.unregister("incoming")

    def keep_ids(self, name: str, ids: Iterable[str]) -> None:
        """Make ids readable as the table `name` of one column, id."""
        self.keep(name, pa.table({"id": pa.array(sorted(ids), pa.string())}))


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
def open_stored_state(warehouse: Path | None) -> Iterator[StoredState]:
    """Open the warehouse read-only for the time of the block; a missing file knows nothing."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        if warehouse is not None and warehouse.exists():
            path = str(warehouse).replace("'", "''")
            connection.execute(f"attach '{path}' as warehouse (read_only)")
        yield StoredState(connection)
