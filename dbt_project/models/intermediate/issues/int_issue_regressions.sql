{{ config(materialized='view') }}

-- Of two in one second the later one holds.
select
    issue_id,
    occurred_at as regressed_at,
    regressed_in_release
from (
    select
        *,
        row_number() over (
            partition by issue_id, occurred_at
            order by activity_number desc nulls last, activity_id desc
        ) as steps_from_last
    from {{ ref('stg_sentry__issue_status_activities') }}
    where regressed_in_release is not null
) as ranked
where steps_from_last = 1
