-- The product tree with its numbers
-- Whoever draws the hierarchy in a BI tool: each product with all below it, and by itself.
select
    tree_label,
    product_id,
    parent_product_id,
    depth,
    health,
    project_count,
    unresolved_issues,
    own_unresolved_issues,
    events_7d,
    own_events_7d
from marts.product_overview
order by tree_order
