select
    project_id,
    date_on,
    event_count
from {{ source('sentry', 'project_daily_production_events') }}
