select * from marts.product_movers
where product_id = $product
order by mover_rank
limit 10
