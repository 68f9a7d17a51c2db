"""Random rules, as the dbt models apply them: every issue has one product, every event of a day counts once."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dbt.warehouse import dbt

from .oracle_routes import deciding
from .raw_world import Row

MODELS = ("int_issue_routes", "int_issue_products", "int_product_daily_events")
TEXTS = ("title", "culprit", "logger", "platform", "issue_category", "assignee")
FROM_METADATA = ("filename", "function_name", "error_type")
TABLES = f"""
attach ':memory:' as warehouse;
create schema warehouse.marts;
create schema warehouse.staging;
create schema warehouse.intermediate;
create table warehouse.marts.dim_projects (project_id varchar, product_id varchar);
create table warehouse.intermediate.int_project_slugs (project_id varchar, organization_slug varchar, slug varchar);
create table warehouse.staging.stg_seeds__issue_rules (
    line integer, organization_slug varchar, project_pattern varchar, field varchar, pattern varchar, product_id varchar
);
create table warehouse.staging.stg_sentry__issues (
    issue_id varchar, project_id varchar, status varchar, owners varchar,
    {", ".join(f"{name} varchar" for name in (*TEXTS, *FROM_METADATA))}
);
create table warehouse.staging.stg_sentry__project_daily_events (
    project_id varchar, date_on date, event_count bigint
);
create table warehouse.staging.stg_sentry__issue_daily_events (issue_id varchar, date_on date, event_count bigint);
"""
PROJECTS = {
    "1": {"organization_slug": "acme", "project_slug": "shop", "former_slugs": ["old"]},
    "2": {"organization_slug": "acme", "project_slug": "a_b", "former_slugs": []},
    "3": {"organization_slug": "beta", "project_slug": "shop", "former_slugs": []},
}
OWN_PRODUCT = {"1": "shop", "2": None, "3": "pay"}
DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
EXAMPLES = int(os.environ.get("ROUTING_EXAMPLES", "40"))

texts = st.none() | st.text("aBä%_!\\\n", max_size=4)
counts = st.integers(0, 9)
days = st.dictionaries(st.sampled_from(DAYS), counts, max_size=3)
rules = st.lists(
    st.fixed_dictionaries(
        {
            "organization": st.sampled_from([None, "acme"]),
            "project": st.sampled_from(["shop", "old", "a_?", "*", "sh*"]),
            "field": st.sampled_from(["title", "culprit", "owner", "category", "assignee"]),
            "pattern": st.text("AbÄ%_!\\*?", min_size=1, max_size=3),
            "product_id": st.sampled_from(["shop", "pay", "search"]),
        }
    ),
    max_size=6,
)
issues = st.lists(
    st.fixed_dictionaries(
        {
            "project_id": st.sampled_from(sorted(PROJECTS)),
            "status": st.sampled_from(["unresolved", "resolved", "deleted", "merged"]),
            "owners": st.none() | st.lists(st.text("aB#", max_size=2), max_size=2).map(json.dumps),
            "title": texts,
            "culprit": texts,
            "issue_category": texts,
            "assignee_name": texts,
        }
    ),
    max_size=6,
)


class RoutingModel:
    """The models as dbt compiles them, in a DuckDB of their own."""

    def __init__(self, folder: Path) -> None:
        finished = dbt(folder, "compile", "--quiet", "--select", *MODELS)
        assert finished.returncode == 0, finished.stdout
        self.db = duckdb.connect()
        self.db.execute(TABLES)
        for model in MODELS:
            (file,) = folder.glob(f"target/compiled/**/{model}.sql")
            self.db.execute(
                f"create view warehouse.intermediate.{model} as {file.read_text('utf-8')}"
            )
        self.fill(
            "marts.dim_projects",
            [{"project_id": key, "product_id": product} for key, product in OWN_PRODUCT.items()],
        )
        self.fill(
            "intermediate.int_project_slugs",
            [
                {
                    "project_id": key,
                    "organization_slug": project["organization_slug"],
                    "slug": slug,
                }
                for key, project in PROJECTS.items()
                for slug in (project["project_slug"], *project["former_slugs"])
            ],
        )

    def fill(self, table: str, rows: Iterable[Row]) -> None:
        """Replace the rows of a table."""
        self.db.execute(f"delete from warehouse.{table}")
        if rows := list(rows):
            self.db.register("incoming", pa.Table.from_pylist(rows))
            self.db.execute(f"insert into warehouse.{table} by name from incoming")

    def rows(self, model: str) -> list[tuple[object, ...]]:
        """Return the rows of a model."""
        return self.db.execute(f"from warehouse.intermediate.{model}").fetchall()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> RoutingModel:
    return RoutingModel(tmp_path_factory.mktemp("routing"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(rules, issues, st.lists(days, min_size=3, max_size=3), st.lists(days, min_size=6))
def test_every_issue_has_one_product_and_every_event_counts_once(
    model: RoutingModel,
    rules: list[Row],
    issues: list[Row],
    of_projects: list[dict[date, int]],
    of_issues: list[dict[date, int]],
) -> None:
    written = [rule | {"line": line} for line, rule in enumerate(rules, start=2)]
    found = [issue | {"issue_id": str(number)} for number, issue in enumerate(issues)]
    accepted = {
        (project, day): count
        for project, counted in zip(PROJECTS, of_projects, strict=True)
        for day, count in counted.items()
    }
    happened = {
        (issue["issue_id"], day): count
        for issue, counted in zip(found, of_issues, strict=False)
        for day, count in counted.items()
    }
    _fill(model, written, found, accepted, happened)

    decided = {
        issue["issue_id"]: rule
        for issue in found
        if (rule := deciding(written, issue | {"assignee_email": None}, PROJECTS))
    }
    products = {
        issue["issue_id"]: decided.get(
            issue["issue_id"], {"product_id": OWN_PRODUCT[issue["project_id"]]}
        )["product_id"]
        for issue in found
    }
    assert sorted(model.rows("int_issue_products")) == sorted(
        (
            issue["issue_id"],
            issue["project_id"],
            products[issue["issue_id"]],
            f"rule:{decided[issue['issue_id']]['line']}"
            if issue["issue_id"] in decided
            else "project",
        )
        for issue in found
    )

    daily: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for project, product, day, count in model.rows("int_product_daily_events"):
        assert count >= 0
        assert product not in daily[project, day]
        daily[project, day][product] = count
    assert {key: counted.total() for key, counted in daily.items()} == accepted
    for (project, day), whole in accepted.items():
        own = OWN_PRODUCT[project] or "(unassigned)"
        wanted: Counter[str] = Counter()
        for issue in found:
            product = products[issue["issue_id"]]
            if issue["project_id"] == project and issue["status"] in ("unresolved", "resolved"):
                wanted[product or own] += happened.get((issue["issue_id"], day), 0)
        wanted.pop(own, None)
        moved = daily[project, day].total() - daily[project, day][own]
        assert moved == min(wanted.total(), whole)
        assert all(daily[project, day][product] <= count for product, count in wanted.items())


def _fill(
    model: RoutingModel,
    rules: list[Row],
    issues: list[Row],
    accepted: dict[tuple[str, date], int],
    happened: dict[tuple[str, date], int],
) -> None:
    model.fill(
        "staging.stg_seeds__issue_rules",
        [
            {
                "line": rule["line"],
                "organization_slug": rule["organization"],
                "project_pattern": rule["project"],
                **{name: rule[name] for name in ("field", "pattern", "product_id")},
            }
            for rule in rules
        ],
    )
    names = ("issue_id", "project_id", "status", "owners", "title", "culprit", "issue_category")
    model.fill(
        "staging.stg_sentry__issues",
        [
            {name: issue[name] for name in names} | {"assignee": issue["assignee_name"]}
            for issue in issues
        ],
    )
    for table, key, counted in (
        ("project_daily_events", "project_id", accepted),
        ("issue_daily_events", "issue_id", happened),
    ):
        model.fill(
            f"staging.stg_sentry__{table}",
            [
                {key: of, "date_on": day, "event_count": count}
                for (of, day), count in counted.items()
            ],
        )
