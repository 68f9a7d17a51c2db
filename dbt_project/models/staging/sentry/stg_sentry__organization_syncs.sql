select
    run_id,
    organization_slug,
    started_at,
    mode,
    status,
    failure,
    requests,
    pages,
    retries,
    seconds_rate_limited,
    issues_new,
    issues_changed,
    issues_vanished
from {{ source('sentry', 'organization_syncs') }}
