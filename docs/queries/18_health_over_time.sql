-- Health over time
-- Leadership before a review: since when is each product as it is, and how was it before?
select
    products.path,
    history.health,
    history.valid_from,
    coalesce(history.valid_to, publication.as_of) as held_until,
    history.health_reason
from marts.product_health_history as history
inner join marts.dim_products as products
    on history.product_id = products.product_id
cross join marts.publication
order by
    products.tree_order asc,
    history.valid_from desc
