select
    product_name,
    path,
    owner_team,
    product_priority,
    is_active,
    valid_from,
    valid_to
from marts.product_history
where product_id = $product
order by valid_from desc
limit 20
