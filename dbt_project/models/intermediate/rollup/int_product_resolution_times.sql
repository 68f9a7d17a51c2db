with resolutions as (

    select
        coalesce(resolutions.product_id, '(unassigned)') as product_id,
        resolutions.hours_to_resolution,
        cast(case when resolutions.is_met then 1 when not resolutions.is_met then 0 end as double) as met_share,
        resolutions.resolved_on > clock.before_days_30_on as is_recent
    from {{ ref('int_issue_resolutions') }} as resolutions
    inner join {{ ref('int_as_of') }} as clock
        on resolutions.resolved_on > clock.before_days_60_on

),

by_product as (

    select
        trees.product_id,
        case when resolutions.is_recent then resolutions.hours_to_resolution end as hours,
        case when not resolutions.is_recent then resolutions.hours_to_resolution end as previous_hours,
        case when resolutions.is_recent then resolutions.met_share end as met_share,
        case when not resolutions.is_recent then resolutions.met_share end as previous_met_share
    from {{ ref('int_counted_products') }} as trees
    inner join resolutions
        on trees.descendant_id = resolutions.product_id

)

select
    product_id,
    count(hours) as timed_resolutions_30d,
    percentile_cont(0.5) within group (order by hours) as median_hours_to_resolution_30d,
    percentile_cont(0.9) within group (order by hours) as p90_hours_to_resolution_30d,
    percentile_cont(0.5) within group (order by previous_hours) as median_hours_to_resolution_previous_30d,
    avg(met_share) as sla_met_ratio_30d,
    avg(previous_met_share) as sla_met_ratio_previous_30d
from by_product
group by product_id
