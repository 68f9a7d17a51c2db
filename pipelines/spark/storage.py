"""What this machine and the cluster share: a folder, or an object store, in which Parquet files lie by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from pipelines.spark.errors import SparkError

_FILE = "rows.parquet"


class Storage:
    """The absolute folder, or the address, that SPARK_STORAGE names. A name in it is a folder, of one table."""

    def __init__(self, place: str) -> None:
        self._place = place.rstrip("/")
        with self._explained():
            # Spark's name for S3 is Hadoop's.
            self._files, self._root = fs.FileSystem.from_uri(
                self._place.replace("s3a://", "s3://", 1) if "://" in self._place else self._place
            )

    def address(self, name: str) -> str:
        """Return where the folder is, as Spark is told."""
        return f"{self._place}/{name}" if "://" in self._place else f"file:{self._place}/{name}"

    def holds(self, name: str) -> bool:
        """Return whether the folder has been written."""
        with self._explained():
            found = self._files.get_file_info(f"{self._path(name)}/{_FILE}")
            return bool(found.is_file)

    def write(self, name: str, rows: pa.RecordBatchReader) -> None:
        """Make the folder hold these rows and no others."""
        with self._explained():
            self.remove(name)
            self._files.create_dir(self._path(name))
            path = f"{self._path(name)}/{_FILE}"
            with (
                self._files.open_output_stream(path) as stream,
                pq.ParquetWriter(stream, rows.schema, compression="zstd") as file,
            ):
                for batch in rows:
                    file.write_batch(batch)

    def read(self, name: str) -> ds.Dataset:
        """Return the rows that Spark has written to the folder."""
        with self._explained():
            return ds.dataset(self._path(name), filesystem=self._files, format="parquet")

    def remove(self, name: str, *, but: str | None = None) -> None:
        """Remove the folder with all below it, or all but one folder in it."""
        with self._explained():
            selector = fs.FileSelector(self._path(name), allow_not_found=True)
            for found in self._files.get_file_info(selector):
                if found.base_name != but:
                    if found.is_file:
                        self._files.delete_file(found.path)
                    else:
                        self._files.delete_dir(found.path)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowInvalid) as error:
            reason = str(error).partition("\n")[0]
            raise SparkError(
                f"SPARK_STORAGE {self._place} cannot be used: {reason}. It has to be a folder or an object store "
                "that this machine and all of the cluster can read and write."
            ) from None
