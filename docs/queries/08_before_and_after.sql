-- Before and after, for leadership
-- Leadership once a month: the last 30 days of each business area against the 30 before, and what has no product.
select
    product_name,
    health,
    project_count,
    unresolved_issues,
    unresolved_issues_30d_ago,
    round(100 * unresolved_share, 1) as percent_of_all,
    round(100 * covered_share, 1) as covered_percent,
    new_issues_30d,
    new_issues_previous_30d,
    resolved_issues_30d,
    resolved_issues_previous_30d,
    events_30d,
    events_previous_30d,
    median_hours_to_resolution_30d,
    median_hours_to_resolution_previous_30d,
    sla_met_ratio_30d,
    sla_met_ratio_previous_30d
from marts.executive_summary
order by
    case product_id when '(all)' then 0 when '(unassigned)' then 2 else 1 end,
    unresolved_issues desc
