{{ config(materialized='view') }}

select
    run_id,
    started_at,
    finished_at,
    mode,
    status,
    organizations,
    failed_organizations,
    failures,
    requests,
    pages,
    retries,
    seconds_rate_limited,
    issues_new,
    issues_changed,
    issues_vanished,
    issues_upserted,
    issues_total
from {{ source('ops', 'sync_runs') }}
