-- Why a product is as it is
-- A product manager who sees red: what was measured, and from where on is it too much?
select
    products.path,
    measures.measure,
    measures.state,
    measures.value,
    measures.at_risk,
    measures.critical,
    measures.reason
from marts.product_health_measures as measures
inner join marts.dim_products as products
    on measures.product_id = products.product_id
where products.is_active
order by
    products.tree_order asc,
    case measures.state when 'critical' then 1 when 'at_risk' then 2 when 'healthy' then 3 else 4 end asc,
    measures.measure asc
