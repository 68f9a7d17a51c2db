select
    product_id,
    coalesce(max(case when period = '30d' then timed_resolutions end), 0) as timed_resolutions_30d,
    max(case when period = '30d' then median_hours end) as median_hours_to_resolution_30d,
    max(case when period = '30d' then p90_hours end) as p90_hours_to_resolution_30d,
    max(case when period = 'previous_30d' then median_hours end) as median_hours_to_resolution_previous_30d,
    max(case when period = '30d' then sla_met_ratio end) as sla_met_ratio_30d,
    max(case when period = 'previous_30d' then sla_met_ratio end) as sla_met_ratio_previous_30d
from {{ ref('int_product_resolutions') }}
where period in ('30d', 'previous_30d')
group by product_id
