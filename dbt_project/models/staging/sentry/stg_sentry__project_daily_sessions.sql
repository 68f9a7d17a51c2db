select
    project_id,
    date_on,
    sessions,
    crashed_sessions
from {{ source('sentry', 'project_daily_sessions') }}
