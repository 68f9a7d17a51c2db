{{ config(materialized='view') }}

with organizations as (

    select
        run_id,
        case
            when count(case when status = 'complete' and mode = 'incremental' then 1 end) > 0 then 'incremental'
            when count(case when status = 'complete' then 1 end) > 0 then 'full'
        end as mode,
        count(*) as organizations,
        count(case when status = 'failed' then 1 end) as failed_organizations,
        {{ dbt.listagg(
            "case when status = 'failed' then organization_slug || ': ' || failure end",
            "'; '", 'order by organization_slug'
        ) }} as failures,
        sum(requests) as requests,
        sum(pages) as pages,
        sum(retries) as retries,
        sum(seconds_rate_limited) as seconds_rate_limited,
        sum(issues_new) as issues_new,
        sum(issues_changed) as issues_changed,
        sum(issues_vanished) as issues_vanished
    from {{ ref('stg_sentry__organization_syncs') }}
    group by run_id

)

select
    runs.run_id,
    runs.started_at,
    runs.finished_at,
    organizations.mode,
    runs.status,
    cast(organizations.organizations as integer) as organizations,
    cast(organizations.failed_organizations as integer) as failed_organizations,
    coalesce(organizations.failures, runs.failure) as failures,
    cast(runs.directory_requests + coalesce(organizations.requests, 0) as bigint) as requests,
    cast(runs.directory_pages + coalesce(organizations.pages, 0) as bigint) as pages,
    cast(runs.directory_retries + coalesce(organizations.retries, 0) as bigint) as retries,
    runs.directory_seconds_rate_limited + coalesce(organizations.seconds_rate_limited, 0) as seconds_rate_limited,
    cast(organizations.issues_new as bigint) as issues_new,
    cast(organizations.issues_changed as bigint) as issues_changed,
    cast(organizations.issues_vanished as bigint) as issues_vanished,
    cast(organizations.issues_new + organizations.issues_changed as bigint) as issues_upserted,
    runs.issues_total
from {{ source('ops', 'sync_runs') }} as runs
left join organizations
    on runs.run_id = organizations.run_id
