"""From which columns each column of a model is made, for Dagster's lineage: read from the SQL as dbt compiled it."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from dagster_dbt import DagsterDbtTranslator, DbtProject
from dagster_dbt.core.dbt_cli_event import EventHistoryMetadata, _build_column_lineage_metadata
from sqlglot.errors import SqlglotError

from pipelines import models
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect

Columns = dict[str, dict[str, str]]


class ColumnLineage:
    """Column lineage after a build, model by model.

    `fetch_column_metadata` would ask dbt's adapter for the columns, and that cannot open the warehouse under the name
    that the profile gives it.
    """

    def __init__(self, settings: Settings, translator: DagsterDbtTranslator, project: DbtProject):
        self._manifest = json.loads(models.manifest().read_bytes())
        self._columns = _columns(settings)
        self._target = settings.dbt_target
        self._translator, self._project = translator, project

    def of(self, unique_id: str) -> dict[str, Any]:
        """Return the metadata `dagster/column_lineage` of a model; none for SQL that cannot be followed."""
        node = self._manifest["nodes"][unique_id]
        parents = [
            self._manifest["nodes"].get(parent) or self._manifest["sources"][parent]
            for parent in self._manifest["parent_map"][unique_id]
        ]
        known = EventHistoryMetadata(
            columns=self._columns_of(node),
            parents={parent["relation_name"]: self._columns_of(parent) for parent in parents},
        )
        try:
            return _build_column_lineage_metadata(
                known, node, self._manifest, self._translator, self._target, self._project
            )
        except SqlglotError:
            return {}

    def _columns_of(self, node: dict[str, Any]) -> Columns:
        return self._columns[node["schema"], node["name"]]


def _columns(settings: Settings) -> dict[tuple[str, str], Columns]:
    """Return (schema, table) -> column -> its type."""
    found: dict[tuple[str, str], Columns] = defaultdict(dict)
    with connect(settings.warehouse, read_only=True) as db:
        rows = db.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        ).fetchall()
    for schema, table, column, kind in rows:
        found[schema, table][column] = {"data_type": kind}
    return found
