"""What the token can read of each organization: a person is to know, and to decide, when that becomes less."""

import dagster as dg

from pipelines.assets.models import dbt_models
from pipelines.settings import Settings
from pipelines.warehouse.attach import connect

FRESHNESS = dg.AssetKey(["marts", "organization_freshness"])
assert FRESHNESS in dbt_models.keys

ACCESS = """
select organization_slug, projects, readable_projects, lost_projects, lost_project_slugs
from marts.organization_freshness
where projects is not null
order by organization_slug
"""


@dg.asset_check(
    asset=FRESHNESS,
    description="The token still reads every project that it once could. Issues of a project that it cannot read any "
    "more count as they were. Give the token access again, or take the project out of the numbers: give it to a "
    "product with is_active false.",
)
def all_projects_still_readable(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Pass while no project was lost; how many of how many can be read is said in any case."""
    with connect(settings.warehouse, read_only=True) as db:
        rows = db.execute(ACCESS).fetchall()
    lost = sum(count for *_, count, _ in rows)
    return dg.AssetCheckResult(
        passed=not lost,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(
            f"{slug}: {readable} of {projects} projects can be read"
            + (f", no longer {slugs}" if slugs else "")
            for slug, projects, readable, _, slugs in rows
        ),
        metadata={
            "projects": sum(projects for _, projects, *_ in rows),
            "readable_projects": sum(readable for _, _, readable, *_ in rows),
            "lost_projects": lost,
        },
    )
