select
    issue_id,
    date_on,
    event_count
from {{ source('sentry', 'issue_daily_events') }}
