"""The model int_product_suggestions alone, over companies that come without issues and syncs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from tests.dbt.warehouse import dbt

from .random_companies import Company
from .raw_world import Row

MODELS = (
    "int_guessable_projects",
    "int_slug_words",
    "int_votes_by_word",
    "int_votes_by_name",
    "int_votes_by_team",
    "int_product_suggestions",
)
TABLES = """
attach ':memory:' as warehouse;
create schema warehouse.marts;
create schema warehouse.staging;
create schema warehouse.intermediate;
create table warehouse.marts.dim_products (product_id varchar, product_name varchar, is_active boolean);
create table warehouse.marts.dim_projects (
    project_id varchar, organization_slug varchar, project_slug varchar, product_id varchar, is_deleted boolean
);
create table warehouse.staging.stg_sentry__project_teams (project_id varchar, team_id varchar, team_slug varchar);
"""


class SuggestionModel:
    """The model as dbt compiles it, in a DuckDB of its own."""

    def __init__(self, folder: Path) -> None:
        finished = dbt(folder, "compile", "--quiet", "--select", *MODELS)
        assert finished.returncode == 0, finished.stdout
        self._db = duckdb.connect()
        self._db.execute(TABLES)
        for model in MODELS:
            (file,) = folder.glob(f"target/compiled/**/{model}.sql")
            self._db.execute(
                f"create view warehouse.intermediate.{model} as {file.read_text('utf-8')}"
            )

    def suggested(
        self, products: Iterable[Row], projects: Iterable[Row], teams: Iterable[Row]
    ) -> dict[str, tuple[str, str]]:
        """Product and reason per project, from rows of dim_products, dim_projects and project teams."""
        for table, rows in {
            "marts.dim_products": products,
            "marts.dim_projects": projects,
            "staging.stg_sentry__project_teams": teams,
        }.items():
            self._db.execute(f"delete from warehouse.{table}")
            if rows := list(rows):
                self._db.register("incoming", pa.Table.from_pylist(rows))
                self._db.execute(f"insert into warehouse.{table} by name from incoming")
        found = self._db.execute(f"from warehouse.intermediate.{MODELS[-1]}").fetchall()
        return {project_id: (product_id, reason) for project_id, product_id, reason in found}


def rows_of(company: Company) -> tuple[list[Row], list[Row], list[Row]]:
    """The rows that the model reads of a company; a project's id is its slug."""
    return (
        [
            {"product_id": key, "product_name": name, "is_active": True}
            for key, name in company.products.items()
        ],
        [
            {
                "project_id": project.slug,
                "organization_slug": company.organization,
                "project_slug": project.slug,
                "product_id": project.product_id if project.is_mapped else None,
                "is_deleted": False,
            }
            for project in company.projects
        ],
        [
            {"project_id": project.slug, "team_id": team, "team_slug": team}
            for project in company.projects
            for team in sorted(project.teams)
        ],
    )
