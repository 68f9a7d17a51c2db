"""Sentry's projects as far as they are known, to compare the mapping with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb


class NotPublishedError(Exception):
    """The published file or a table in it cannot be read; the message says why, for people."""


@dataclass(frozen=True)
class KnownProject:
    """A project of Sentry; `former_slugs` are those it had in the same organization, newest first."""

    organization: str
    slug: str
    former_slugs: tuple[str, ...] = ()
    is_deleted: bool = False

    def __str__(self) -> str:
        """Give `organization/slug`."""
        return f"{self.organization}/{self.slug}"


@dataclass(frozen=True)
class UnassignedProject:
    """A project without a product, with the product that the pipeline would suggest and why."""

    organization: str
    slug: str
    unresolved_issues: int
    events_7d: int
    product_id: str | None
    reason: str | None


def published_projects(published: Path) -> list[KnownProject]:
    """Give the projects of `dim_projects` in the published file, or raise NotPublishedError."""
    with _attached(published) as connection:
        rows = connection.execute(
            """
            select organization_slug, project_slug, former_slugs, is_deleted
            from published.marts.dim_projects
            order by all
            """
        ).fetchall()
    return [_project(*row) for row in rows]


def synced_projects(warehouse: duckdb.DuckDBPyConnection) -> list[KnownProject]:
    """Give the projects in the warehouse's raw tables; none before the first sync."""
    tables = warehouse.execute(
        "select table_name from duckdb_tables() "
        "where schema_name = 'raw_sentry' and database_name = current_database()"
    ).fetchall()
    if not {("projects",), ("project_slugs",)} <= set(tables):
        return []
    rows = warehouse.execute(
        """
        select
            project.organization_slug,
            project.project_slug,
            list(slug.project_slug order by slug.adopted_at desc, slug.project_slug)
                filter (slug.project_slug <> project.project_slug),
            project.deleted_at is not null
        from raw_sentry.projects as project
        left join raw_sentry.project_slugs as slug using (project_id, organization_slug)
        group by project.project_id, 1, 2, 4
        order by all
        """
    ).fetchall()
    return [_project(*row) for row in rows]


def unassigned_projects(published: Path) -> list[UnassignedProject]:
    """Give the rows of `unassigned_projects` in the published file, busiest first, or raise."""
    with _attached(published) as connection:
        rows = connection.execute(
            """
            select
                organization_slug,
                project_slug,
                unresolved_issues,
                events_7d,
                suggested_product_id,
                suggestion_reason,
            from published.marts.unassigned_projects
            order by events_7d desc, unresolved_issues desc, organization_slug, project_slug
            """
        ).fetchall()
    return [UnassignedProject(*row) for row in rows]


def _project(organization: str, slug: str, former: list[str] | None, deleted: bool) -> KnownProject:
    former_slugs = tuple(name.lower() for name in former or ())
    return KnownProject(organization.lower(), slug.lower(), former_slugs, bool(deleted))


@contextmanager
def _attached(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    # Attaching, rather than opening, sees a file that was replaced while this process ran.
    if not published.exists():
        raise NotPublishedError(how_to_publish(published))
    try:
        # Without replacements a missing table is missing, even if a Python name is the same.
        with duckdb.connect(config={"python_enable_replacements": False}) as connection:
            quoted_path = str(published).replace("'", "''")
            connection.execute(f"attach '{quoted_path}' as published (read_only)")
            yield connection
    except duckdb.CatalogException as error:
        raise NotPublishedError(f"{published} lacks a table: {_first_line(error)}") from error
    except (duckdb.Error, UnicodeError) as error:
        raise NotPublishedError(f"{published} cannot be read: {_first_line(error)}") from error


def how_to_publish(published: Path) -> str:
    """Say that nothing is published there yet, and what to run first."""
    demo = published.parent / "demo"
    if (demo / published.name).exists():
        way = f"`make sync` makes it, and the demo's is in {demo}: put DATA_DIR={demo} before the command"
    else:
        way = "`make sync` makes it, or `make demo` a sample"
    return f"{published} is not there yet; {way}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
