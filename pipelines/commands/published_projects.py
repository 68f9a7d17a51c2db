"""What the published file knows of projects: to compare the catalog with, and what has no product."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.catalog import SentryProject
from pipelines.publish import open_published


@dataclass(frozen=True)
class UnassignedProject:
    """A project without a product, with the product that the pipeline would suggest and why."""

    organization: str
    slug: str
    unresolved_issues: int
    events_7d: int
    product_id: str | None
    reason: str | None


def published_projects(published: Path) -> list[SentryProject]:
    """Return every project of the published file; raises PublishError."""
    with open_published(published) as connection:
        rows = connection.execute(
            """
            select organization_slug, project_slug, former_slugs, is_deleted
            from marts.dim_projects
            order by all
            """
        ).fetchall()
    return [SentryProject.from_row(*row) for row in rows]


def once_readable(published: Path) -> set[str]:
    """Return the ids of the projects that the token could read when the file was published, or before.

    Raises PublishError.
    """
    with open_published(published) as connection:
        projects: pa.Table = connection.sql(
            "from marts.dim_projects where not is_deleted"
        ).to_arrow_table()
    # A file of an earlier version does not say what was lost before it.
    return {
        row["project_id"]
        for row in projects.to_pylist()
        if row["has_access"] or row.get("access_lost_at")
    }


def unassigned_projects(published: Path) -> list[UnassignedProject]:
    """Return the projects of the published file that have no product, busiest first; raises PublishError."""
    with open_published(published) as connection:
        rows = connection.execute(
            """
            select
                organization_slug,
                project_slug,
                unresolved_issues,
                events_7d,
                suggested_product_id,
                suggestion_reason,
            from marts.unassigned_projects
            order by events_7d desc, unresolved_issues desc, organization_slug, project_slug
            """
        ).fetchall()
    return [UnassignedProject(*row) for row in rows]
