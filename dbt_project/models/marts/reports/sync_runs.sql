{{ config(materialized='view') }}

{% set counted_by_both = ['requests', 'pages', 'retries', 'seconds_rate_limited'] %}
{% set failed = "case when status = 'failed' then organization_slug || ': ' || failure end" %}

with organizations as (

    select
        run_id,
        count(*) as organizations,
        count(case when status = 'failed' then 1 end) as failed_organizations,
        {{ dbt.listagg(failed, "'; '", "order by organization_slug") }} as failures,
        count(case when status = 'complete' then 1 end) as synced,
        count(case when status = 'complete' and mode = 'full' then 1 end) as synced_in_full,
        {% for column in counted_by_both %}
            coalesce(sum({{ column }}), 0) as {{ column }},
        {% endfor %}
        coalesce(sum(issues_new), 0) as issues_new,
        coalesce(sum(issues_changed), 0) as issues_changed,
        coalesce(sum(issues_vanished), 0) as issues_vanished
    from {{ ref('stg_sentry__organization_syncs') }}
    group by run_id

)

select
    runs.run_id,
    runs.started_at,
    runs.finished_at,
    case
        when organizations.synced = organizations.synced_in_full and organizations.synced > 0 then 'full'
        when organizations.synced > 0 then 'incremental'
    end as mode,
    runs.status,
    cast(organizations.organizations as integer) as organizations,
    cast(organizations.failed_organizations as integer) as failed_organizations,
    coalesce(organizations.failures, runs.failure) as failures,
    {% for column in counted_by_both %}
        -- Of a run that ended early, only one of the two is known.
        cast(coalesce(
            runs.directory_{{ column }} + organizations.{{ column }},
            runs.directory_{{ column }},
            organizations.{{ column }}
        ) as {{ 'double' if column == 'seconds_rate_limited' else 'bigint' }}) as {{ column }},
    {% endfor %}
    cast(organizations.issues_new as bigint) as issues_new,
    cast(organizations.issues_changed as bigint) as issues_changed,
    cast(organizations.issues_vanished as bigint) as issues_vanished,
    cast(organizations.issues_new + organizations.issues_changed as bigint) as issues_upserted,
    runs.issues_total
from {{ ref('stg_ops__sync_runs') }} as runs
left join organizations
    on runs.run_id = organizations.run_id

union all

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
from {{ ref('stg_ops__earlier_sync_runs') }}
