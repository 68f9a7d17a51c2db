select
    run_id,
    started_at,
    finished_at,
    status,
    failure,
    issues_total,
    directory_requests,
    directory_pages,
    directory_retries,
    directory_seconds_rate_limited
from {{ source('ops', 'sync_runs') }}
