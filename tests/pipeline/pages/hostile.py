"""Every page there is, and a copy of the published file in which people from outside chose the words."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

import duckdb

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}\u202e" + "W" * 200
WORDS = {
    "title",
    "culprit",
    "product_name",
    "path",
    "description",
    "project_name",
    "platform",
    "health_reason",
    "reason",
    "suggestion_reason",
    "assignee",
    "failures",
    "version_name",
}
TEAM = "checkout"
ADDRESSES = [
    "/products/",
    "/products/?view=flat&sort=-events_7d",
    "/products/?view=heat",
    "/products/checkout-flow",
    "/products/checkout-flow/days/",
    "/issues/",
    "/teams/",
    f"/teams/{TEAM}",
    "/trends/",
    "/projects/",
    "/unassigned/",
    "/sync/",
    "/catalog/",
    "/catalog/products/",
    "/catalog/products/row?line=2",
    "/catalog/issue_rules/row?line=3",
    "/catalog/recipients/",
    "/catalog/recipients/row?line=2",
    "/search/?q=o",
    "/issues/?page=0",
    "/elsewhere",
]


def hostile_address(address: str) -> str:
    """Return the address under which the hostile copy has the page."""
    return f"/teams/{quote(HOSTILE, safe='')}" if address == f"/teams/{TEAM}" else address


def hostile_copy(source: Path, path: Path) -> Path:
    """Copy what is published with hostile words wherever there is text, and a hostile name for one team."""
    shutil.copy(source, path)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as db:
        columns = db.execute(
            "select table_name, column_name from duckdb_columns() "
            "inner join duckdb_tables() using (schema_name, table_name) where schema_name = 'marts'"
        ).fetchall()
        for table, column in columns:
            if column in WORDS:
                db.execute(f"update marts.{table} set {column} = $text", {"text": HOSTILE})
            if column == "owner_team":
                db.execute(
                    f"update marts.{table} set owner_team = $text where owner_team = $team",
                    {"text": HOSTILE, "team": TEAM},
                )
            if column == "permalink":
                db.execute(f"update marts.{table} set permalink = 'javascript:alert(3)'")
    return path
