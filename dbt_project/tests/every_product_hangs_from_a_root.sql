{{ config(meta={'dagster': {'ref': {'name': 'int_product_tree'}}}) }}

-- A loop hangs from no root, and would be counted nowhere.
select product_id
from {{ ref('stg_seeds__products') }}
where product_id not in (select tree.product_id from {{ ref('int_product_tree') }} as tree)
