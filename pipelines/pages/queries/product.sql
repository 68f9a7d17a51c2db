select * from marts.product_overview
where product_id = $product
