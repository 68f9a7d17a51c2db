select
    tree.product_id,
    tree.product_name,
    tree.parent_product_id,
    tree.root_product_id,
    tree.path,
    tree.depth,
    cast(tree.tree_order as integer) as tree_order,
    tree.tree_label,
    tree.description,
    tree.owner_team,
    tree.owner_team_source,
    tree.product_priority,
    tree.product_priority_source,
    tree.inactive_count = 0 as is_active,
    tree.is_leaf,
    targets.sla_target_hours
from {{ ref('int_product_tree') }} as tree
left join {{ ref('stg_seeds__sla_targets') }} as targets
    on tree.product_priority = targets.product_priority
