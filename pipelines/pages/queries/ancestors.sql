select
    products.product_id,
    products.product_name
from marts.product_closure as closure
inner join marts.dim_products as products
    on closure.ancestor_id = products.product_id
where closure.descendant_id = $product
order by closure.distance desc
