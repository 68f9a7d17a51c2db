select
    health,
    health_reason,
    valid_from,
    valid_to
from marts.product_health_history
where product_id = $product
order by valid_from desc
limit 20
