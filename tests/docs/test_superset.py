"""The dashboard for Superset asks for what the contract promises, and its parts name one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.publish.contract import contract

FOLDER = Path(__file__).parents[2] / "docs" / "superset" / "product_health"


def parts(kind: str) -> dict[str, dict[str, Any]]:
    """Return the parts of one kind by their uuid."""
    found = [yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.rglob(f"{kind}/**/*.yaml")]
    return {part["uuid"]: part for part in found}


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every published table as promised, without a row."""
    columns = defaultdict(list)
    for (table, column), kind in contract().items():
        columns[table].append(f"{column} {kind}")
    with duckdb.connect() as db:
        db.execute("create schema marts")
        for table, promised in columns.items():
            db.execute(f"create table marts.{table} ({', '.join(promised)})")
        yield db


def relation(dataset: dict[str, Any]) -> str:
    return f"({dataset['sql']})" if dataset["sql"] else f"marts.{dataset['table_name']}"


def test_a_dataset_has_the_columns_that_it_names(empty: duckdb.DuckDBPyConnection) -> None:
    datasets = parts("datasets").values()
    assert len(datasets) == 5
    for dataset in datasets:
        names = [column["column_name"] for column in dataset["columns"]]
        empty.execute(f"select {', '.join(names)} from {relation(dataset)}")
        assert dataset["database_uuid"] in parts("databases")
        assert dataset["main_dttm_col"] is None or dataset["main_dttm_col"] in names


def test_a_chart_asks_for_what_its_dataset_has(empty: duckdb.DuckDBPyConnection) -> None:
    datasets, charts = parts("datasets"), parts("charts").values()
    assert len(charts) == 9
    for chart in charts:
        asked = chart["params"]
        metrics = [*asked.get("metrics", []), *filter(None, [asked.get("metric")])]
        groups = [*filter(None, [asked.get("x_axis")]), *asked.get("groupby", [])]
        shown = [*groups, *asked.get("all_columns", [])]
        selected = ", ".join([*shown, *(metric["sqlExpression"] for metric in metrics)])
        conditions = " and ".join(each["sqlExpression"] for each in asked["adhoc_filters"])
        empty.execute(
            f"select {selected} from {relation(datasets[chart['dataset_uuid']])} "
            f"where {conditions or 'true'} {'group by ' + ', '.join(groups) if groups else ''}"
        )


def test_the_dashboard_shows_every_chart_once() -> None:
    [dashboard] = parts("dashboards").values()
    placed = [
        each["meta"]["uuid"]
        for each in dashboard["position"].values()
        if isinstance(each, dict) and each["type"] == "CHART"
    ]
    assert sorted(placed) == sorted(parts("charts"))
    for part in dashboard["metadata"]["native_filter_configuration"]:
        for target in part["targets"]:
            columns = parts("datasets")[target["datasetUuid"]]["columns"]
            assert target["column"]["name"] in [column["column_name"] for column in columns]


def test_the_database_is_opened_read_only() -> None:
    [database] = parts("databases").values()
    assert database["extra"]["engine_params"]["connect_args"] == {"read_only": True}
