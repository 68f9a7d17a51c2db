{{ config(materialized='view') }}

select
    ancestor_id as product_id,
    descendant_id,
    distance
from {{ ref('product_closure') }}
where is_counted

union all

-- Above the roots stands the whole, and beside them what has no product.
select
    '(all)' as product_id,
    product_id as descendant_id,
    depth + 1 as distance
from {{ ref('dim_products') }}
where is_active

union all

select
    '(unassigned)' as product_id,
    '(unassigned)' as descendant_id,
    0 as distance

union all

select
    '(all)' as product_id,
    '(unassigned)' as descendant_id,
    1 as distance
