-- SLA by priority and month
-- Whoever promised customers a time: how often was the promise kept?
select
    month_on,
    product_priority,
    resolved_issues,
    met_issues,
    round(100 * met_ratio, 1) as met_percent,
    median_hours_to_resolution
from marts.sla_compliance
order by
    month_on desc,
    case product_priority when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end
