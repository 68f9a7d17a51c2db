select
    project_id,
    date_on,
    organization_slug,
    sessions,
    crashed_sessions
from {{ source('sentry', 'project_daily_sessions') }}
