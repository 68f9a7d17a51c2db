"""A data folder as tests use it: a warehouse to publish from, and the eyes of a reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish import Publication, publish
from tests.publish.sample_marts import AS_OF, build_warehouse


@dataclass(frozen=True)
class Data:
    """A data folder with a warehouse that is ready to be published."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def target(self) -> Path:
        return self.folder / "product_health.duckdb"

    def build(self, run_id: str, **size: Any) -> None:
        build_warehouse(self.warehouse, self.target, run_id, **size)

    def publish(self, run_id: str = "run-1", hours: int = 0, **options: Any) -> Publication:
        """Publish what the warehouse holds, `hours` after the first publication."""
        return publish(
            self.warehouse,
            self.target,
            run_id=run_id,
            published_at=published_at(hours),
            **options,
        )

    def change(self, statement: str) -> None:
        with duckdb.connect(str(self.warehouse)) as db:
            db.execute(statement)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What a reader of the published file gets, on a connection of its own."""
        with duckdb.connect() as db:
            db.execute(f"attach '{self.target}' as reader (read_only)")
            db.execute("use reader")
            return db.execute(sql).fetchall()

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


def published_at(hours: int = 0) -> datetime:
    return AS_OF + timedelta(hours=hours, minutes=5)
