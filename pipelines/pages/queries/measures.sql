select
    product_id,
    measure,
    value,
    at_risk,
    critical,
    state,
    reason
from marts.product_health_measures
where list_contains($products, product_id)
order by product_id, array_position(['critical', 'at_risk', 'healthy'], state) nulls last, measure
