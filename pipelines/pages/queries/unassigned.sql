select
    unassigned.*,
    products.product_name as suggested_product_name
from marts.unassigned_projects as unassigned
left join marts.dim_products as products
    on unassigned.suggested_product_id = products.product_id
