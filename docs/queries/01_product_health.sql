-- Product health at a glance
-- A product manager in the morning: which products need me, and why?
select
    product_name,
    owner_team,
    health,
    health_reason,
    unresolved_issues,
    new_issues_7d,
    events_7d,
    events_previous_7d
from marts.product_overview
where is_active
order by
    case health when 'critical' then 1 when 'at_risk' then 2 when 'healthy' then 3 else 4 end asc,
    unresolved_issues desc,
    tree_order asc
