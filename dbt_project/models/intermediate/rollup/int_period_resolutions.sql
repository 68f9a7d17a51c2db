-- Sixteen buckets to each doubling of the hours: narrow enough to hold few values, and in their order.
with resolutions as (

    select
        resolutions.issue_id,
        resolutions.span_number,
        coalesce(resolutions.product_id, '(unassigned)') as product_id,
        resolutions.hours_to_resolution,
        resolutions.is_met,
        cast(floor(16 * log2(greatest(resolutions.hours_to_resolution, 0.001))) as bigint) as bucket,
        cast(resolutions.month_on as string) as month_period,
        case
            when resolutions.resolved_on > clock.before_days_30_on then '30d'
            when resolutions.resolved_on > clock.before_days_60_on then 'previous_30d'
        end as window_period
    from {{ ref('int_issue_resolutions') }} as resolutions
    cross join {{ ref('int_as_of') }} as clock

),

in_periods as (

    {% for period in ['month_period', 'window_period'] %}
        select
            issue_id,
            span_number,
            product_id,
            {{ period }} as period,
            bucket,
            hours_to_resolution,
            is_met
        from resolutions
        where {{ period }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    issue_id,
    span_number,
    product_id,
    period,
    bucket,
    hours_to_resolution,
    is_met
from in_periods
