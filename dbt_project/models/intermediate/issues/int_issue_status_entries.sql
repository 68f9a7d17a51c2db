{{ config(materialized='view') }}

select
    issue_id,
    2 * report_number as step,
    to_status as status,
    changed_at,
    source,
    project_id,
    removed_reason,
    _dlt_load_id
from {{ ref('int_issue_confirmed_reports') }}

union all

-- Only the next report names this status: when it began is not known.
select
    issue_id,
    2 * report_number - 1 as step,
    from_status as status,
    null as changed_at,
    'unknown' as source,
    project_id,
    removed_reason,
    _dlt_load_id
from {{ ref('int_issue_confirmed_reports') }}
where
    from_status <> previous_status
    and (previous_changed_at is null or previous_changed_at <= from_status_at)

union all

-- It is listed so, and no report says since when.
select
    issue_id,
    1000000 as step,
    listed_status as status,
    null as changed_at,
    'unknown' as source,
    project_id,
    removed_reason,
    _dlt_load_id
from {{ ref('int_issue_confirmed_reports') }}
where
    is_last
    and listed_status <> to_status

union all

select
    issue_id,
    1000001 as step,
    removed_status as status,
    removed_at as changed_at,
    'observed' as source,
    project_id,
    removed_reason,
    _dlt_load_id
from {{ ref('int_issue_confirmed_reports') }}
where
    is_last
    and removed_status is not null
