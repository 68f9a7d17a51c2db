-- Before and after, for leadership
-- Leadership once a month: the last 30 days of each business area against the 30 before.
select
    product_name,
    health,
    unresolved_issues,
    unresolved_issues_30d_ago,
    new_issues_30d,
    new_issues_previous_30d,
    resolved_issues_30d,
    resolved_issues_previous_30d,
    median_hours_to_resolution_30d,
    median_hours_to_resolution_previous_30d,
    sla_met_ratio_30d,
    sla_met_ratio_previous_30d
from marts.executive_summary
order by
    case product_id when '(all)' then 0 else 1 end,
    unresolved_issues desc
