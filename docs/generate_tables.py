"""Write `docs/tables.md`: the published tables as dbt describes them, and queries that answer people's questions.

    python docs/generate_tables.py

Descriptions live in `dbt_project/models`, queries in `docs/queries`, one file each; nothing is said twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import models
from pipelines.publish.contract import PUBLICATION_COLUMNS, PUBLICATION_DESCRIPTION, contract

DOCS = Path(__file__).parent
PAGE = DOCS / "tables.md"

# As people come to them; a table that is not named here follows, reports before core.
READ_FIRST = (
    "product_overview",
    "product_health_measures",
    "product_movers",
    "triage_queue",
    "team_accountability",
    "executive_summary",
    "sla_compliance",
    "product_daily",
    "product_monthly",
    "product_releases",
    "product_issues",
    "unassigned_projects",
    "publication",
    "organization_freshness",
    "sync_runs",
    "dim_products",
    "dim_projects",
    "dim_releases",
    "fct_issues",
)

INTRODUCTION = """\
# The published tables

<!-- Written by `make docs` from dbt_project/models and docs/queries. Edit there. -->

Everything is in `data/product_health.duckdb`, schema `marts`; [bi.md](bi.md) connects a tool to it. Each table and
column carries its description in the file, too.

- Times are UTC, and so are days and months. A window of n days is the n UTC days that end with that of `as_of`, the
  start of the last sync by Sentry's clock, and not with today's: equal data give equal numbers. It is so for events,
  new issues and resolves alike, so that the days of `product_daily` add up to each window. `previous` is the n days
  before. The last day is not over; a growth compares the n complete days before it with the n before those.
- A number of a product counts the product and everything active below it; `own_` counts its own projects alone.
- Issues that were deleted or merged away count nowhere, and stay in `fct_issues`.
- Times to resolve are in hours, ratios go from 0 to 1. Null means unknown, or that there is none; it never means 0.

## What changed with contract version 2

- Windows are UTC days; in version 1 those of new issues and resolves were n x 24 hours up to `as_of`.
- SLA targets go by the priority of the product and of the issue: `sla_target_hours` of a product holds for issues whose
  priority has no target of its own (`sla_target_hours_high`, `_medium`, `_low`).
- Counts of events are null where none is known, not 0: before Sentry's memory of a project, and for a product without a
  project. `events_known_from` says from which day on they are complete.
- A project that Sentry no longer has is no longer in `product_daily`, as it is in no other number of a product.
- `executive_summary` has a row `(unassigned)`, `(all)` includes it, and root products that are inactive have none.
- Health follows from measures with targets ([health.md](health.md)): an issue that is late but quiet makes no product
  critical. `triage_queue` weighs users, events and the time over the target anew.
- `events_7d` of `triage_queue` is null where no day has a count, not 0.
- New, where Sentry tells it: releases (`dim_releases`, `product_releases`), production, sessions and unique users.
- New: `product_health_measures`, `product_health_history`, `product_movers`; `events_7d`, `events_previous_7d` and
  `change_7d` of each issue; `product_monthly`; `late_issues` per day; `new_issues_previous_7d`,
  `resolved_issues_previous_7d` and `events_growth_7d` in `product_overview`; `project_count`, `unresolved_share` and
  `covered_share` in `executive_summary`.
"""

QUERIES = """
## Questions and queries

Each runs as it is on the data of `make demo` (`data/demo/product_health.duckdb`). Put your own product for `payments`
and your own team for `checkout`. The files are in [queries](queries/).
"""


class PublishedColumn(NamedTuple):
    """A published column."""

    name: str
    kind: str
    description: str


class PublishedTable(NamedTuple):
    """A published table; its description opens with its grain."""

    name: str
    folder: str
    description: str
    columns: list[PublishedColumn]


PUBLICATION = PublishedTable(
    "publication",
    "reports",
    PUBLICATION_DESCRIPTION,
    [
        PublishedColumn(name, contract()["publication", name], text)
        for name, text in PUBLICATION_COLUMNS.items()
    ],
)


def published_tables(manifest: dict[str, Any]) -> list[PublishedTable]:
    """Return the tables of dbt's manifest that are published, and `publication`, in reading order."""
    marts = [
        PublishedTable(
            node["name"],
            node["fqn"][-2],
            node["description"],
            [
                # Contracts say `string`, as every engine does; a file of DuckDB has `varchar`.
                PublishedColumn(
                    c["name"], c["data_type"].replace("string", "varchar"), c["description"]
                )
                for c in node["columns"].values()
            ],
        )
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    places = {name: place for place, name in enumerate(READ_FIRST)}
    return sorted(
        [*marts, PUBLICATION],
        key=lambda t: (t.folder != "reports", places.get(t.name, len(places)), t.name),
    )


def page(tables: list[PublishedTable]) -> str:
    """Return the whole page."""
    lines = [INTRODUCTION, "| table | what it holds |", "|---|---|"]
    lines += [f"| [{t.name}](#{t.name}) | {_cell(_grain(t.description))} |" for t in tables]
    lines += [QUERIES, *_queries(), "## Tables", ""]
    for table in tables:
        lines += [f"### {table.name}", "", _one_line(table.description), ""]
        lines += ["| column | type | description |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {c.kind} | {_cell(c.description)} |" for c in table.columns]
        lines.append("")
    return "\n".join(lines)


def _queries() -> Iterator[str]:
    for file in sorted((DOCS / "queries").glob("*.sql")):
        title, asked_by, *query = file.read_text(encoding="utf-8").splitlines()
        yield f"### {title.removeprefix('-- ')}\n\n{asked_by.removeprefix('-- ')}\n"
        yield "\n".join(["```sql", *query, "```", ""])


def _grain(description: str) -> str:
    # Up to the first colon or full stop that ends a phrase.
    return min((description.partition(mark)[0] for mark in (": ", ". ")), key=len).rstrip(".")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _one_line(text).replace("|", r"\|")


def parsed_manifest() -> dict[str, Any]:
    """Return dbt's manifest of the project as it is now."""
    try:
        manifest: dict[str, Any] = json.loads(models.manifest().read_bytes())
    except subprocess.CalledProcessError:
        sys.exit("dbt cannot parse the project, so docs/tables.md stays as it is.")
    return manifest


if __name__ == "__main__":
    PAGE.write_text(page(published_tables(parsed_manifest())), encoding="utf-8")
