{{ config(materialized='view') }}

-- Issues that were deleted or merged away never counted; those of a deleted project did, until it was deleted.
with spans as (

    select
        spans.issue_id,
        spans.span_number,
        spans.project_id,
        coalesce(sent.product_id, '(unassigned)') as product_id,
        spans.status,
        spans.opened_at,
        spans.source = 'first_seen' and spans.started_at is not null as is_first,
        spans.resolved_at is not null and not spans.is_restored as is_resolve,
        -- The present status holds since as_of at the latest.
        coalesce(spans.started_at, case when spans.is_present then clock.as_of end) as started_at,
        least(spans.ended_at, projects.deleted_at) as ended_at,
        spans.is_present or spans.ended_at is not null as is_end_known,
        clock.as_of_on
    from {{ ref('int_issue_status_spans') }} as spans
    inner join {{ ref('dim_projects') }} as projects
        on spans.project_id = projects.project_id
    inner join {{ ref('int_issue_products') }} as sent
        on spans.issue_id = sent.issue_id
    cross join {{ ref('int_as_of') }} as clock
    where
        spans.removal is null
        or (spans.removal = 'project_gone' and projects.is_deleted)

)

-- What a sync saw after its start counts on the day of its start.
select
    issue_id,
    span_number,
    project_id,
    product_id,
    opened_at,
    is_first,
    is_resolve,
    least(cast(started_at as date), as_of_on) as began_on,
    case when ended_at is not null then least(cast(ended_at as date), as_of_on) end as ended_on,
    status = 'unresolved' and is_end_known and (ended_at is null or started_at < ended_at) as is_open_time
from spans
where started_at is not null
