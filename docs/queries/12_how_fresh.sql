-- How fresh the numbers are
-- Anyone who doubts a number: when was it published, and which organization lags behind?
select
    publication.published_at,
    publication.as_of,
    freshness.organization_slug,
    freshness.synced_at,
    freshness.hours_behind,
    freshness.status,
    freshness.failure,
    freshness.projects,
    freshness.readable_projects,
    freshness.lost_projects
from marts.organization_freshness as freshness
cross join marts.publication
order by freshness.hours_behind desc
