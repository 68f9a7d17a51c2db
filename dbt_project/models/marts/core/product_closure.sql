with pairs as (

    select
        {{ each_element('lineage') }} as ancestor_id,
        product_id as descendant_id,
        depth,
        inactive_count
    from {{ ref('int_product_tree') }}

)

select
    pairs.ancestor_id,
    pairs.descendant_id,
    pairs.depth - ancestors.depth as distance,
    pairs.inactive_count = ancestors.inactive_count as is_counted
from pairs
inner join {{ ref('int_product_tree') }} as ancestors
    on pairs.ancestor_id = ancestors.product_id
