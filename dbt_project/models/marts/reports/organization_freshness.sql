with syncs as (

    select
        organization_slug,
        status,
        failure,
        max(case when status = 'complete' then started_at end) over (partition by organization_slug) as synced_at,
        row_number() over (partition by organization_slug order by started_at desc, run_id desc) as syncs_ago
    from {{ ref('stg_sentry__organization_syncs') }}

)

select
    syncs.organization_slug,
    syncs.synced_at,
    {{ hours_between('syncs.synced_at', 'clock.as_of') }} as hours_behind,
    syncs.status,
    case when syncs.status = 'failed' then syncs.failure end as failure
from syncs
cross join {{ ref('int_as_of') }} as clock
where syncs.syncs_ago = 1
