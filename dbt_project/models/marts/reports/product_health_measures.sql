select
    measures.product_id,
    measures.measure,
    measures.value,
    measures.at_risk,
    measures.critical,
    measures.state,
    measures.reason
from {{ ref('int_product_health_measures') }} as measures
inner join {{ ref('dim_products') }} as products
    on measures.product_id = products.product_id
