"""What the published file promises to its readers, and the check that a file keeps the promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.errors import PublishError
from pipelines.warehouse.attach import attach

# Raised when a table or column goes away or changes its meaning; not when one is added.
CONTRACT_VERSION = "1"

SCHEMA = "marts"

TABLES = frozenset(
    {
        "dim_products",
        "dim_projects",
        "executive_summary",
        "fct_issue_status_changes",
        "fct_issues",
        "fct_project_daily",
        "organization_freshness",
        "product_closure",
        "product_daily",
        "product_history",
        "product_issues",
        "product_overview",
        "project_assignment_history",
        "publication",
        "sla_compliance",
        "sync_runs",
        "team_accountability",
        "triage_queue",
        "unassigned_projects",
    }
)

# The only table that dbt does not know: its description, and each column's type and description.
PUBLICATION_DESCRIPTION = "One row that says which publication this is."
PUBLICATION_COLUMNS = {
    "published_at": ("timestamp", "When the file was written, by Sentry's clock."),
    "as_of": (
        "timestamp",
        "The moment that the numbers are of: the start of the last complete sync.",
    ),
    "run_id": ("varchar", "The run that published it; its sync is in `sync_runs`."),
    "contract_version": (
        "varchar",
        "Raised when a table or column goes away or changes its meaning; not when one is added.",
    ),
}

PUBLICATION = """
select published_at, as_of, run_id, contract_version
from published.marts.publication
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


def read_publication(path: Path) -> Publication:
    """Return what the file says of itself; raise PublishError where it does not say."""
    try:
        with duckdb.connect() as db:
            attach(db, path, "published", "read_only")
            rows = db.execute(PUBLICATION).fetchall()
    except duckdb.Error as error:
        raise PublishError(f"{path} holds no publication: {_first_line(error)}") from error
    if len(rows) != 1:
        raise PublishError(f"{path} holds {len(rows)} publications instead of one")
    published_at, as_of, run_id, version = rows[0]
    return Publication(path, published_at, as_of, run_id, version, path.stat().st_size)


def verify(path: Path) -> Publication:
    """Open the file as a reader does and return its publication.

    Raises PublishError where the file cannot be read or breaks the contract.
    """
    publication = read_publication(path)
    if publication.as_of is None:
        raise PublishError(f"{path} holds no data: no organization has been read completely yet")
    try:
        with duckdb.connect() as db:
            attach(db, path, "published", "read_only")
            missing = TABLES - table_names(db, "published")
            if missing:
                raise PublishError(f"{path} lacks {', '.join(sorted(missing))}")
            _check_conservation(db, path)
    except duckdb.Error as error:
        raise PublishError(f"{path} cannot be read: {_first_line(error)}") from error
    return publication


def _check_conservation(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    row = db.execute(CONSERVATION).fetchone()
    assert row is not None
    live, unassigned, own = row
    if own + unassigned != live:
        raise PublishError(
            f"{path} does not add up: {own} issues of products and {unassigned} of unassigned "
            f"projects are not the {live} live issues"
        )


def table_names(db: duckdb.DuckDBPyConnection, catalog: str) -> set[str]:
    """Return the names of the tables and views in the marts of an attached catalog."""
    rows = db.execute(
        """
        select table_name
        from information_schema.tables
        where table_catalog = ? and table_schema = ?
        """,
        [catalog, SCHEMA],
    ).fetchall()
    return {name for (name,) in rows}


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
