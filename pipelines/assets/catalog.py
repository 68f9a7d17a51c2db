"""The product catalog: the CSVs, checked and brought into schema seeds."""

from collections.abc import Iterator

import dagster as dg

from pipelines import catalog
from pipelines.catalog import SentryProject
from pipelines.progress import write_progress
from pipelines.resources import explained
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect
from pipelines.warehouse.synced_projects import synced_projects
from pipelines.warehouse.unrouted_rules import unrouted_rules

TABLES = {
    "products": "One row per product: the tree, its owners and priorities, as people wrote it.",
    "project_products": "One row per mapping of a Sentry project, or of a pattern of them, to a product.",
    "issue_rules": "One row per rule that routes issues to another product than their project's.",
    "sla_targets": "One row per priority of a product, and of its issues, with the hours to resolve in.",
    "health_targets": "One row per measure, and priority of products: from what value on one is at risk or critical.",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(["seeds", table], description=text, group_name="seeds", kinds={"csv"})
        for table, text in TABLES.items()
    ]
)
def product_catalog(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[None]]:
    """Check the CSVs; an error stops the run before anything is rebuilt, and says where it stands."""
    write_progress(settings.progress, step="product catalog")
    with explained(), connect(settings.warehouse) as connection:
        projects = [SentryProject.from_row(*row) for row in synced_projects(connection)]
        # Before they are read: files that change meanwhile are other files, and the next rebuild takes them.
        fingerprint = catalog.fingerprint(settings.seeds)
        checked = catalog.check(settings.seeds, projects, unrouted_rules(connection))
        for finding in checked.warnings:
            context.log.warning(str(finding))
        if checked.catalog is None:
            raise dg.Failure("\n".join(str(finding) for finding in checked.errors))
        replaced = catalog.load(connection, checked.catalog)
        catalog.note_files(connection, fingerprint)
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(["seeds", table]),
            metadata={
                "rows": len(getattr(checked.catalog, table)),
                "changed": table in replaced,
                "warnings": len(checked.warnings),
            },
        )
