"""The published file: what every reader opens, replaced in one move after all checks passed."""

from datetime import UTC

import dagster as dg

from pipelines import publish
from pipelines.assets.models import dbt_models
from pipelines.assets.raw import FRESHNESS
from pipelines.progress import write_progress
from pipelines.resources import explained
from pipelines.settings import Settings
from pipelines.warehouse import run_log

FIGURES = """
select
    (select count(*) from marts.fct_issues where status not in ('deleted', 'merged')) as live_issues,
    (select count(*) from marts.fct_issues where status = 'unresolved') as unresolved_issues,
    (
        select count(*) from marts.fct_issues where status = 'unresolved' and sla_status = 'breached'
    ) as late_issues,
    (select count(*) from marts.product_overview where health = 'critical' and is_active) as critical_products,
    (select count(*) from marts.unassigned_projects) as unassigned_projects,
    runs.requests as sync_requests,
    runs.issues_upserted as issues_changed,
    epoch(runs.finished_at - runs.started_at) as sync_seconds,
from marts.publication
left join marts.sync_runs as runs using (run_id)
"""


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
            "as_of": dg.MetadataValue.timestamp(publication.as_of.replace(tzinfo=UTC)),
            "megabytes": round(settings.published.stat().st_size / 1e6, 2),
            **_figures(settings),
        }
    )


def _figures(settings: Settings) -> dict[str, float]:
    """Return what is worth a plot from one publication to the next."""
    with publish.open_published(settings.published) as db:
        cursor = db.execute(FIGURES)
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone() or ()
    return {name: value for name, value in zip(names, row, strict=False) if value is not None}
