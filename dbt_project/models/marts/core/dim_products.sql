with targets as (

    select
        {% for priority in sla_priorities() %}
            max(case when issue_priority = '{{ priority }}' then sla_target_hours end)
                as sla_target_hours_{{ priority }},
        {% endfor %}
        max(case when issue_priority is null then sla_target_hours end) as sla_target_hours,
        product_priority
    from {{ ref('stg_seeds__sla_targets') }}
    group by product_priority

)

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
    {% for priority in sla_priorities() %}
        targets.sla_target_hours_{{ priority }},
    {% endfor %}
    targets.sla_target_hours
from {{ ref('int_product_tree') }} as tree
left join targets
    on tree.product_priority = targets.product_priority
