"""From which columns each column of a model is made, for Dagster's lineage: read from the SQL as dbt compiled it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject
from sqlglot import MappingSchema, exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

from pipelines import models, spark
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect

LABEL = "dagster/column_lineage"
Lineage = dict[str, dg.TableColumnLineage]


def column_lineage(
    settings: Settings, digest: str, translator: DagsterDbtTranslator, project: DbtProject
) -> Lineage:
    """Return unique id of a model -> its lineage, after a build that ended well; worked out once per `digest`.

    `fetch_column_metadata` would ask dbt's adapter for the columns, and that cannot open the warehouse under the name
    that the profile gives it; and it reads the SQL of a model anew for each of its columns.
    """
    file = settings.engine_target / "column_lineage.json"
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
    manifest = json.loads(models.manifest().read_bytes())
    dialect = settings.models_on
    tables, schema = _tables(settings), MappingSchema(dialect=dialect)
    keys = {}
    for unique_id, node in (manifest["sources"] | manifest["nodes"]).items():
        if node["resource_type"] in ("source", "model"):
            place = node["schema"], node["name"]
            keys[place] = translator.get_asset_spec(manifest, unique_id, project).key
            # Spark's names have no catalog.
            name = ".".join(place) if dialect == "spark" else node["relation_name"]
            schema.add_table(name, tables[place], dialect=dialect)
    compiled = settings.engine_target / "compiled"
    for node in models.nodes("model"):
        file = compiled / node["package_name"] / node["original_file_path"]
        # Of SQL that cannot be followed there is none, nor of a model that was never built.
        with suppress(SqlglotError, OSError):
            sql = parse_one(file.read_text(encoding="utf-8"), dialect=dialect)
            made = lineage(None, sql, schema, dialect=dialect, trim_selects=False, copy=False)
            yield (
                node["unique_id"],
                dg.TableColumnLineage(
                    {
                        column: list(_made_of(made[column], keys)) if column in made else []
                        for column in tables[node["schema"], node["name"]]
                    }
                ),
            )


def _made_of(
    column: Node, keys: Mapping[tuple[str, str], dg.AssetKey]
) -> Iterator[dg.TableColumnDep]:
    """Yield the columns of other tables at the ends of what a column is made of, each once."""
    ends = {
        (node.expression.db, node.expression.name, exp.to_column(node.name).name)
        for node in column.walk()
        if isinstance(node.expression, exp.Table)
    }
    for schema, name, source in sorted(ends):
        if (schema, name) in keys:
            yield dg.TableColumnDep(asset_key=keys[schema, name], column_name=source)


def _tables(settings: Settings) -> dict[tuple[str, str], dict[str, str]]:
    """Return (schema, table) -> column -> its type."""
    if settings.models_on == "spark":
        return spark.columns(settings)
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    with connect(settings.warehouse, read_only=True) as db:
        rows = db.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        ).fetchall()
    for schema, table, column, kind in rows:
        found[schema, table][column] = kind
    return found
