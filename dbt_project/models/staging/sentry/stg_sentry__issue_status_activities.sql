select
    issue_id,
    activity_id,
    activity_type,
    try_cast(activity_id as bigint) as activity_number,
    occurred_at,
    case
        when activity_type like 'set!_resolved%' escape '!' then 'resolved'
        when activity_type = 'set_ignored' then 'ignored'
        else 'unresolved'
    end as to_status,
    case when activity_type = 'set_regression' then nullif({{ json_text('data', 'version') }}, '') end
        as regressed_in_release,
    _dlt_load_id
from {{ source('sentry', 'issue_activities') }}
where
    activity_type like 'set!_resolved%' escape '!'
    or activity_type in ('set_ignored', 'set_unresolved', 'set_regression', 'set_escalating')
