select
    project_id,
    date_on,
    organization_slug,
    event_count
from {{ source('sentry', 'project_daily_production_events') }}
