{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='issue_id',
        on_schema_change='fail',
    )
}}

with reports as (

    select
        *,
        lead(to_status) over in_order as next_status,
        lead(from_status, 1, listed_status) over in_order as next_from_status,
        lead(from_status_at, 1, listed_at) over in_order as next_from_status_at
    from {{ ref('int_issue_status_reports') }}
    {% if is_incremental() %}
        where {{ is_new_load() }}
    {% endif %}
    window in_order as (partition by issue_id order by report_number)

),

possible as (

    select
        *,
        max(case when to_status = listed_status then report_number end) over (partition by issue_id)
            as last_agreeing_number
    from reports
    where
        -- A commit or a pull request only announces a resolve: it is one if the issue was seen resolved thereafter.
        not coalesce(
            activity_type in ('set_resolved_in_commit', 'set_resolved_in_pull_request')
            and (next_status = 'resolved' or (next_from_status <> 'resolved' and next_from_status_at >= changed_at)),
            false
        )
        -- Only what was archived escalates from one status to another.
        and not coalesce(activity_type = 'set_escalating' and report_number = 1, false)

),

-- What contradicts the listed status after having agreed with it is left out: if it is newer than the listing; if the
-- issue is gone, since nothing happens to it then; and if it is unresolved, since then a resolve was only announced,
-- or it was archived until a day that has passed.
confirmed as (

    select *
    from possible
    where
        report_number = 0
        or report_number <= coalesce(
            last_agreeing_number,
            case when {{ is_removed('listed_status') }} then report_number else 0 end
        )
        or (listed_status in ('resolved', 'ignored') and changed_at <= listed_at)

)

select
    issue_id,
    report_number,
    to_status,
    changed_at,
    source,
    from_status,
    from_status_at,
    -- From the first report on: what lies between it and first seen is not known.
    lag(to_status, 1, 'unresolved') over reported_before as previous_status,
    lag(changed_at) over reported_before as previous_changed_at,
    lead(report_number) over (partition by issue_id order by report_number) is null as is_last,
    project_id,
    listed_status,
    removed_reason,
    removed_status,
    removed_at,
    _dlt_load_id
from confirmed
window reported_before as (partition by issue_id, report_number = 0 order by report_number)
