select
    product_priority,
    month_on,
    count(*) as resolved_issues,
    count(case when is_met then 1 end) as met_issues,
    count(case when not is_met then 1 end) as breached_issues,
    cast(count(case when is_met then 1 end) as double) / count(*) as met_ratio,
    percentile_cont(0.5) within group (order by hours_to_resolution) as median_hours_to_resolution
from {{ ref('int_issue_resolutions') }}
where is_met is not null
group by product_priority, month_on
