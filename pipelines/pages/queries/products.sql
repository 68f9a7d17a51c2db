select
    product_id,
    parent_product_id,
    product_name,
    path,
    tree_order,
    depth,
    is_active,
    is_leaf,
    health,
    health_reason,
    case health when 'critical' then 0 when 'at_risk' then 1 when 'healthy' then 2 else 3 end as health_order,
    unresolved_issues,
    unresolved_high_issues,
    new_issues_7d,
    resolved_issues_7d,
    events_7d,
    events_growth_7d,
    sla_breached_issues,
    owner_team,
    product_priority
from marts.product_overview
where
    ($team is null or coalesce(owner_team, '(unowned)') = $team)
    and ($priority is null or product_priority = $priority)
    and ($health is null or health = $health)
    and ($active is null or is_active = ($active = 'yes'))
