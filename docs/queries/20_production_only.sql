-- Production only
-- An engineering lead: how much of what is open, and of this week's events, do customers see?
select
    tree_label as product,
    unresolved_issues,
    production_unresolved_issues,
    events_7d,
    production_events_7d,
    production_events_known_from
from marts.product_overview
order by tree_order
