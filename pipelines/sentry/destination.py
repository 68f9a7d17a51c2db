"""dlt's DuckDB destination, for folders with a quote in their path: dlt puts the path of a file into SQL as it is."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob


class _CopyJob(DuckDbCopyJob):
    def run(self) -> None:
        path = self._file_path
        self._file_path = path.replace("'", "''")
        try:
            super().run()
        finally:
            self._file_path = path


class _Client(DuckDbClient):
    def create_load_job(self, table: Any, file_path: str, *arguments: Any, **options: Any) -> Any:
        job = super().create_load_job(table, file_path, *arguments, **options)
        return _CopyJob(file_path) if isinstance(job, DuckDbCopyJob) else job


class DuckDbFile(dlt.destinations.duckdb):
    """A DuckDB file anywhere."""

    @property
    def client_class(self) -> type[DuckDbClient]:
        """Return the client whose load jobs quote their path."""
        return _Client
