{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='issue_id',
        on_schema_change='fail',
    )
}}

with entries as (

    select
        *,
        -- A first change that reopens does not repeat the status of first seen: what lies between is not known.
        lag(status) over (partition by issue_id, step = 0 order by step) as status_before,
        lag(status) over (partition by issue_id, {{ is_removed('status') }} order by step) as live_status_before
    from {{ ref('int_issue_status_entries') }}
    {% if is_incremental() %}
        where {{ is_new_load() }}
    {% endif %}

),

changes as (

    select
        *,
        -- Access that is regained, or a merge undone, opens and resolves nothing.
        coalesce({{ is_removed('status_before') }} and status = live_status_before, false) as is_restored
    from entries
    where status is distinct from status_before

),

in_sequence as (

    select
        *,
        row_number() over in_order as span_number,
        lead(status) over in_order as next_status,
        lead(changed_at) over in_order as next_changed_at,
        max(case when status = 'unresolved' and not is_restored then changed_at end) over in_order as opened_at,
        max(case when status = 'resolved' and not is_restored then changed_at end) over in_order as last_resolved_at,
        last_value(status) over (
            partition by issue_id
            order by step
            rows between unbounded preceding and unbounded following
        ) as present_status
    from changes
    window in_order as (partition by issue_id order by step)

)

select
    issue_id,
    project_id,
    span_number,
    status,
    case
        when span_number > 1 and (status_before is not null or status <> 'unresolved')
            then coalesce(status_before, 'unresolved')
    end as from_status,
    changed_at as started_at,
    case when next_status <> status then next_changed_at end as ended_at,
    next_status is null as is_present,
    is_restored,
    opened_at,
    case when status = 'resolved' and source <> 'unknown' then last_resolved_at end as resolved_at,
    source,
    coalesce(removed_reason, case when {{ is_removed('present_status') }} then present_status end) as removal,
    _dlt_load_id
from in_sequence
