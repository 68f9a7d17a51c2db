with changes as (

    select
        project_id,
        product_id,
        began_on as date_on,
        cast(null as bigint) as event_count,
        count(case when is_first then 1 end) as new_issues,
        count(case when is_resolve then 1 end) as resolved_issues,
        count(case when is_open_time then 1 end) as more_unresolved,
        0 as more_late
    from {{ ref('int_issue_span_days') }}
    group by project_id, product_id, began_on

    union all

    select
        project_id,
        product_id,
        ended_on as date_on,
        null as event_count,
        0 as new_issues,
        0 as resolved_issues,
        -count(*) as more_unresolved,
        0 as more_late
    from {{ ref('int_issue_span_days') }}
    where
        is_open_time
        and ended_on is not null
    group by project_id, product_id, ended_on

    union all

    select
        project_id,
        product_id,
        date_on,
        null as event_count,
        0 as new_issues,
        0 as resolved_issues,
        0 as more_unresolved,
        more_late
    from {{ ref('int_late_changes') }}

    union all

    select
        events.project_id,
        events.product_id,
        events.date_on,
        events.event_count,
        0 as new_issues,
        0 as resolved_issues,
        0 as more_unresolved,
        0 as more_late
    from {{ ref('int_product_daily_events') }} as events
    inner join {{ ref('int_as_of') }} as clock
        on events.date_on <= clock.as_of_on

    union all

    select
        project_id,
        product_id,
        date_on,
        null as event_count,
        0 as new_issues,
        0 as resolved_issues,
        0 as more_unresolved,
        0 as more_late
    from {{ ref('int_project_usage') }}

),

per_day as (

    select
        project_id,
        product_id,
        date_on,
        sum(event_count) as event_count,
        sum(new_issues) as new_issues,
        sum(resolved_issues) as resolved_issues,
        sum(more_unresolved) as more_unresolved,
        sum(more_late) as more_late
    from changes
    group by project_id, product_id, date_on

),

days as (

    select
        first_days.project_id,
        first_days.product_id,
        first_days.first_counted_on,
        {{ each_day('first_days.first_on', 'clock.as_of_on') }} as date_on
    from (
        select
            project_id,
            product_id,
            -- What is known of a project is known of all its products.
            min(min(date_on)) over (partition by project_id) as first_on,
            min(min(case when event_count is not null then date_on end)) over (partition by project_id)
                as first_counted_on
        from per_day
        group by project_id, product_id
    ) as first_days
    cross join {{ ref('int_as_of') }} as clock

)

select
    days.project_id,
    days.product_id,
    days.date_on,
    cast(
        case when days.date_on >= days.first_counted_on then coalesce(per_day.event_count, 0) end as bigint
    ) as event_count,
    known.production_event_count,
    known.sessions,
    known.crashed_sessions,
    cast(coalesce(per_day.new_issues, 0) as bigint) as new_issues,
    cast(coalesce(per_day.resolved_issues, 0) as bigint) as resolved_issues,
    cast(
        sum(coalesce(per_day.more_unresolved, 0)) over in_order as bigint
    ) as unresolved_issues,
    cast(
        sum(coalesce(per_day.more_late, 0)) over in_order as bigint
    ) as late_issues
from days
left join per_day
    on
        days.project_id = per_day.project_id
        and days.product_id = per_day.product_id
        and days.date_on = per_day.date_on
left join {{ ref('int_project_usage') }} as known
    on
        days.project_id = known.project_id
        and days.product_id = known.product_id
        and days.date_on = known.date_on
window in_order as (partition by days.project_id, days.product_id order by days.date_on)
