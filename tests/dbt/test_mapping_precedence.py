"""Which product a project belongs to stands in SQL, for the tables, and in Python, for the check: both say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pytest

from pipelines.catalog.mapping import Matcher
from pipelines.catalog.projects import SentryProject
from pipelines.catalog.tables import ProjectProduct
from pipelines.sentry.schema import PROJECT_SLUGS, PROJECTS
from pipelines.warehouse.synced_projects import synced_projects

from .warehouse import START, Row, WrittenWarehouse, write_seeds

CATALOGS = 200
TABLES = {table.name: table.schema for table in (PROJECTS, PROJECT_SLUGS)}
ORGANIZATIONS = ("acme", "Globex")
# Few letters, so that slugs and patterns meet; some mean something to `like`, to regular expressions, or to globs.
LETTERS = "abB-_%.!["


def word(rng: Random, letters: str) -> str:
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, 4)))


def slug(rng: Random) -> str:
    return word(rng, rng.choice(["ab", "abB-", LETTERS]))


def random_projects(rng: Random) -> tuple[list[Row], list[Row]]:
    """Projects with different slugs, and the slugs that they had: here or elsewhere, some at one time."""
    drawn = {(rng.choice(ORGANIZATIONS), slug(rng)) for _ in range(12)}
    by_name = {(place.lower(), name.lower()): (place, name) for place, name in sorted(drawn)}
    projects: list[Row] = [
        {"project_id": str(number), "organization_slug": place, "project_slug": name}
        for number, (place, name) in enumerate(by_name.values())
    ]
    slugs = {
        (project["project_id"], place, name): {
            "project_id": project["project_id"],
            "organization_slug": place,
            "project_slug": name,
            "adopted_at": START - timedelta(days=rng.randint(1, 3)),
        }
        for project in projects
        for _ in range(rng.choice([0, 1, 3]))
        for place, name in [(rng.choice([project["organization_slug"], *ORGANIZATIONS]), slug(rng))]
    }
    return projects, list(slugs.values())


def random_rules(rng: Random) -> list[ProjectProduct]:
    """Rows as the check leaves them: in lower case, none twice."""
    letters = LETTERS.lower()
    keys = {
        (
            rng.choice([None, "acme", "globex"]),
            word(rng, rng.choice([letters, "ab", "ab?*", letters + "**??"])),
        )
        for _ in range(12)
    }
    drawn = sorted(keys, key=lambda key: (key[0] or "", key[1]))
    rng.shuffle(drawn)
    return [
        ProjectProduct(place, project, f"product-{line % 5}", line)
        for line, (place, project) in enumerate(drawn, 2)
    ]


@pytest.fixture
def memory(warehouse: WrittenWarehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the warehouse in memory, under the name by which its views know it."""
    warehouse.run("+int_project_mapping")
    with duckdb.connect() as db:
        db.execute(f"attach '{warehouse.folder / 'warehouse.duckdb'}' as stored (read_only)")
        db.execute("attach ':memory:' as warehouse; copy from database stored to warehouse")
        db.execute("use warehouse")
        yield db


def by_sql(db: duckdb.DuckDBPyConnection, mapping: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Pattern and product of each project that has one, by organization and slug."""
    found = db.execute(f"""
        select lower(organization_slug), lower(project_slug), mapped_pattern, product_id
        from ({mapping}) inner join raw_sentry.projects using (project_id)
    """).fetchall()
    return {(place, name): (pattern, product) for place, name, pattern, product in found}


def test_sql_and_python_give_every_project_the_same_product(
    warehouse: WrittenWarehouse, memory: duckdb.DuckDBPyConnection
) -> None:
    compiled = Path(warehouse.folder, "target", "compiled").rglob("int_project_mapping.sql")
    mapping = next(compiled).read_text()
    met: Counter[str] = Counter()
    for seed in range(CATALOGS):
        rng = Random(seed)
        rules = random_rules(rng)
        matcher = Matcher(rules)
        projects, slugs = random_projects(rng)
        for table, rows in (("projects", projects), ("project_slugs", slugs)):
            schema = TABLES[table]
            memory.register("incoming", pa.Table.from_pylist(rows, schema=schema))
            memory.execute(f"delete from raw_sentry.{table}")
            memory.execute(f"insert into raw_sentry.{table} by name from incoming")
        write_seeds(memory, {"project_products": [asdict(rule) for rule in rules]})
        products = by_sql(memory, mapping)
        known = [SentryProject.from_row(*row) for row in synced_projects(memory)]
        assert len(known) == len(projects)
        for project in known:
            key = (project.organization, project.slug)
            deciding = matcher.deciding(project)
            if len(deciding) > 1:
                met["tie, which the check forbids"] += 1
                continue
            wanted = (deciding[0].project, deciding[0].product_id) if deciding else None
            assert products.get(key) == wanted, (seed, project, rules)
            met["none" if wanted is None else "glob" if set("*?") & set(wanted[0]) else "slug"] += 1
            met["former"] += bool(
                wanted and wanted[0] != project.slug and wanted[0] in project.former_slugs
            )
    assert min(met.values()) > 50, met
    assert len(met) == 5, met
