with days as (

    select
        daily.*,
        cast({{ dbt.date_trunc('month', 'daily.date_on') }} as date) as month_on,
        -- Of a month that is not over, as_of's day is the last.
        daily.date_on = clock.as_of_on or {{ dbt.last_day('daily.date_on', 'month') }} = daily.date_on as is_last
    from {{ ref('product_daily') }} as daily
    cross join {{ ref('int_as_of') }} as clock

),

months as (

    select
        product_id,
        month_on,
        sum(event_count) as event_count,
        sum(production_event_count) as production_event_count,
        sum(sessions) as sessions,
        sum(crashed_sessions) as crashed_sessions,
        sum(new_issues) as new_issues,
        sum(resolved_issues) as resolved_issues,
        sum(case when is_last then unresolved_issues end) as unresolved_issues,
        sum(case when is_last then late_issues end) as late_issues
    from days
    group by product_id, month_on

)

select
    months.product_id,
    months.month_on,
    cast(months.event_count as bigint) as event_count,
    cast(months.production_event_count as bigint) as production_event_count,
    cast(months.sessions as bigint) as sessions,
    {{ crash_free_sessions('months.crashed_sessions', 'months.sessions') }} as crash_free_sessions,
    cast(months.new_issues as bigint) as new_issues,
    cast(months.resolved_issues as bigint) as resolved_issues,
    cast(months.unresolved_issues as bigint) as unresolved_issues,
    cast(months.late_issues as bigint) as late_issues,
    resolutions.sla_met_ratio,
    resolutions.median_hours as median_hours_to_resolution,
    resolutions.p90_hours as p90_hours_to_resolution
from months
left join {{ ref('int_product_resolutions') }} as resolutions
    on
        months.product_id = resolutions.product_id
        and cast(months.month_on as string) = resolutions.period
