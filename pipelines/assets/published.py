"""The published file: what every reader opens, replaced in one move after all checks passed."""

import dagster as dg

from pipelines import publish
from pipelines.assets.models import dbt_models
from pipelines.assets.raw import FRESHNESS
from pipelines.progress import write_progress
from pipelines.resources import explained
from pipelines.settings import Settings
from pipelines.warehouse import run_log


@dg.asset(
    deps=[key for key in dbt_models.keys if key.path[0] == "marts"],
    group_name="published",
    kinds={"duckdb"},
    freshness_policy=FRESHNESS,
    description="product_health.duckdb: the marts as people, BI tools and dashboards read them.",
)
def product_health(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Publish the marts; what was published before stays as it was if anything is wrong."""
    write_progress(settings.progress, step="publication")
    with explained():
        publication = publish.publish(
            settings.warehouse,
            settings.published,
            run_id=context.run_id,
            published_at=run_log.sentry_clock(settings.warehouse),
            keep=settings.publish_keep,
            mode=settings.published_mode,
            parquet_folder=settings.parquet,
        )
    run_log.finish_run(settings.warehouse, settings.published)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(settings.published)),
            "as_of": publication.as_of.isoformat(sep=" "),
            "published_at": publication.published_at.isoformat(sep=" "),
            "bytes": settings.published.stat().st_size,
        }
    )
