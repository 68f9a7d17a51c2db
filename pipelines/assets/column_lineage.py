"""From which columns each column of a model is made, for Dagster's lineage: read from the SQL as dbt compiled it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject
from dagster_dbt.core.dbt_cli_event import EventHistoryMetadata, _build_column_lineage_metadata
from sqlglot.errors import SqlglotError

from pipelines import models
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect

LABEL = "dagster/column_lineage"
Lineage = dict[str, dg.TableColumnLineage]


def column_lineage(
    settings: Settings, digest: str, translator: DagsterDbtTranslator, project: DbtProject
) -> Lineage:
    """Return unique id of a model -> its lineage, after a build that ended well; worked out once per `digest`.

    `fetch_column_metadata` would ask dbt's adapter for the columns, and that cannot open the warehouse under the name
    that the profile gives it.
    """
    file = settings.dbt_target / "column_lineage.json"
    with suppress(OSError, ValueError, KeyError):
        kept = json.loads(file.read_bytes())
        if kept["digest"] == digest:
            return {
                name: dg.deserialize_value(text, dg.TableColumnLineage)
                for name, text in kept["lineage"].items()
            }
    found = dict(_of_every_model(settings, translator, project))
    texts = {name: dg.serialize_value(lineage) for name, lineage in found.items()}
    file.write_text(json.dumps({"digest": digest, "lineage": texts}), encoding="utf-8")
    return found


def _of_every_model(
    settings: Settings, translator: DagsterDbtTranslator, project: DbtProject
) -> Iterator[tuple[str, dg.TableColumnLineage]]:
    manifest, columns = json.loads(models.manifest().read_bytes()), _columns(settings)
    nodes = manifest["sources"] | manifest["nodes"]

    def columns_of(node: dict[str, Any]) -> dict[str, dict[str, str]]:
        return columns[node["schema"], node["name"]]

    for node in models.nodes("model"):
        parents = [nodes[parent] for parent in manifest["parent_map"][node["unique_id"]]]
        known = EventHistoryMetadata(
            columns=columns_of(node),
            parents={parent["relation_name"]: columns_of(parent) for parent in parents},
        )
        # Of SQL that cannot be followed there is none, nor of a model that was never built.
        with suppress(SqlglotError, OSError):
            metadata = _build_column_lineage_metadata(
                known, node, manifest, translator, settings.dbt_target, project
            )
            yield node["unique_id"], metadata[LABEL]


def _columns(settings: Settings) -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """Return (schema, table) -> column -> its type."""
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(dict)
    with connect(settings.warehouse, read_only=True) as db:
        rows = db.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        ).fetchall()
    for schema, table, column, kind in rows:
        found[schema, table][column] = {"data_type": kind}
    return found
