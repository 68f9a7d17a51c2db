-- Issues that were deleted or merged away never counted; those of a deleted project did, until it was deleted.
with spans as (

    select
        spans.project_id,
        spans.status,
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
    cross join {{ ref('int_as_of') }} as clock
    where
        spans.removal is null
        or (spans.removal = 'project_gone' and projects.is_deleted)

),

-- What a sync saw after its start counts on the day of its start.
days_of_spans as (

    select
        project_id,
        is_first,
        is_resolve,
        least(cast(started_at as date), as_of_on) as began_on,
        case when ended_at is not null then least(cast(ended_at as date), as_of_on) end as ended_on,
        status = 'unresolved' and is_end_known and (ended_at is null or started_at < ended_at) as is_open_time
    from spans
    where started_at is not null

),

changes as (

    select
        project_id,
        began_on as date_on,
        0 as event_count,
        count(case when is_first then 1 end) as new_issues,
        count(case when is_resolve then 1 end) as resolved_issues,
        count(case when is_open_time then 1 end) as more_unresolved
    from days_of_spans
    group by project_id, began_on

    union all

    select
        project_id,
        ended_on as date_on,
        0 as event_count,
        0 as new_issues,
        0 as resolved_issues,
        -count(*) as more_unresolved
    from days_of_spans
    where
        is_open_time
        and ended_on is not null
    group by project_id, ended_on

    union all

    select
        events.project_id,
        events.date_on,
        events.event_count,
        0 as new_issues,
        0 as resolved_issues,
        0 as more_unresolved
    from {{ ref('stg_sentry__project_daily_events') }} as events
    inner join {{ ref('int_as_of') }} as clock
        on events.date_on <= clock.as_of_on

),

per_day as (

    select
        project_id,
        date_on,
        sum(event_count) as event_count,
        sum(new_issues) as new_issues,
        sum(resolved_issues) as resolved_issues,
        sum(more_unresolved) as more_unresolved
    from changes
    group by project_id, date_on

),

days as (

    select
        first_days.project_id,
        {{ each_day('first_days.first_on', 'clock.as_of_on') }} as date_on
    from (
        select
            project_id,
            min(date_on) as first_on
        from per_day
        group by project_id
    ) as first_days
    cross join {{ ref('int_as_of') }} as clock

)

select
    projects.organization_slug,
    days.project_id,
    days.date_on,
    cast(coalesce(per_day.event_count, 0) as bigint) as event_count,
    cast(coalesce(per_day.new_issues, 0) as bigint) as new_issues,
    cast(coalesce(per_day.resolved_issues, 0) as bigint) as resolved_issues,
    cast(
        sum(coalesce(per_day.more_unresolved, 0)) over (partition by days.project_id order by days.date_on) as bigint
    ) as unresolved_issues
from days
inner join {{ ref('dim_projects') }} as projects
    on days.project_id = projects.project_id
left join per_day
    on
        days.project_id = per_day.project_id
        and days.date_on = per_day.date_on
