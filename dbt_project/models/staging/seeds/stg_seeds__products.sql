select
    product_id,
    name as product_name,
    parent_id as parent_product_id,
    description,
    owner_team,
    priority as product_priority,
    is_active
from {{ source('seeds', 'products') }}
