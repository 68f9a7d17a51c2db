"""What the published file promises to its readers, and the check that a file keeps the promise.

`contract.csv` lists the tables, columns and types that people may write SQL against. What a file holds beyond that is
no promise, so that a column can be added without touching it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb

from pipelines.publish.open_published import PublishError, open_published

# Raised when a table or column goes away or changes its meaning; not when one is added.
CONTRACT_VERSION = "2"

SCHEMA = "marts"

# The only table that dbt does not know: its description, and those of its columns.
PUBLICATION_DESCRIPTION = "One row that says which publication this is."
PUBLICATION_COLUMNS = {
    "published_at": "When the file was written, by Sentry's clock.",
    "as_of": "The moment that the numbers are of: the start of the last complete sync.",
    "run_id": "The run that published it; its sync is in `sync_runs`.",
    "contract_version": "Raised when a table or column goes away or changes its meaning; not when one is added.",
    "catalog_fingerprint": "A hash of the CSV files of the product catalog that the numbers were made with.",
}
# What says which publication a file is, in those of every version.
IDENTITY = ("published_at", "as_of", "run_id", "contract_version")

PUBLICATION = f"select {', '.join(IDENTITY)} from published.marts.publication"

COLUMNS = """
select table_name, column_name, lower(data_type)
from information_schema.columns
where table_catalog = 'published' and table_schema = $schema
"""

# Parts sum to the whole: every live issue is some product's own, or its project has none.
CONSERVATION = """
select
    count(*) as live,
    count(*) filter (where product_id is null) as unassigned,
    (select coalesce(sum(own_total_issues), 0) from published.marts.product_overview) as own,
from published.marts.fct_issues
where status not in ('deleted', 'merged')
"""


@dataclass(frozen=True)
class Publication:
    """One published file: its row in `publication`, its path and size.

    Times are naive UTC by Sentry's clock.
    """

    path: Path
    published_at: datetime
    as_of: datetime
    run_id: str
    contract_version: str
    size_bytes: int

    @property
    def label(self) -> str:
        """The time of publication as the names of kept files have it: `20261123T090412Z`."""
        return f"{self.published_at:%Y%m%dT%H%M%SZ}"


@cache
def contract() -> dict[tuple[str, str], str]:
    """Return the type of each promised (table, column), as DuckDB names it in lower case."""
    with Path(__file__).with_name("contract.csv").open(encoding="utf-8", newline="") as file:
        return {(row["table"], row["column"]): row["type"] for row in csv.DictReader(file)}


def read_publication(path: Path) -> Publication:
    """Return the file's row in `publication`; raise PublishError where there is not exactly one."""
    with open_published(path) as db:
        return _publication(db, path)


def verify(path: Path) -> Publication:
    """Open the file as a reader does and return its publication.

    Raises PublishError where the file cannot be read or breaks the contract.
    """
    with open_published(path) as db:
        publication = _publication(db, path)
        if publication.as_of is None:
            raise PublishError(
                f"{path} holds no data: no organization has been read completely yet"
            )
        if broken := _broken_promises(db):
            raise PublishError(f"{path} breaks the contract: {'; '.join(broken)}")
        _check_conservation(db, path)
    return publication


def _publication(db: duckdb.DuckDBPyConnection, path: Path) -> Publication:
    rows = db.execute(PUBLICATION).fetchall()
    if len(rows) != 1:
        raise PublishError(f"{path} holds {len(rows)} publications instead of one")
    return Publication(
        path, **dict(zip(IDENTITY, rows[0], strict=True)), size_bytes=path.stat().st_size
    )


def _broken_promises(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a message for each table or column that is missing, and each column of another type."""
    rows = db.execute(COLUMNS, {"schema": SCHEMA}).fetchall()
    found = {(table, column): kind for table, column, kind in rows}
    missing = {table for table, _ in contract()} - {table for table, _ in found}
    broken = [f"{table} is missing" for table in sorted(missing)]
    for (table, column), kind in contract().items():
        name, actual = f"{table}.{column}", found.get((table, column))
        if table in missing or actual == kind:
            continue
        broken.append(f"{name} is {actual}, not {kind}" if actual else f"{name} is missing")
    return broken


def _check_conservation(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    row = db.execute(CONSERVATION).fetchone()
    assert row is not None
    live, unassigned, own = row
    if own + unassigned != live:
        raise PublishError(
            f"{path} does not add up: {own} issues of products and {unassigned} of unassigned "
            f"projects are not the {live} live issues"
        )
